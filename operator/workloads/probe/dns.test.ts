import { describe, expect, it } from "vitest";
import { dnsNote, dnsQuestion, overTcp } from "./dns.ts";

/** The answer of a name server to our question, with these flags and as many answers. */
const answer = (change: (message: Buffer) => void): Buffer => {
  const message = dnsQuestion("example.com");
  message.writeUInt16BE(0x8180, 2);
  change(message);
  return message;
};

describe("a question", () => {
  it("is what RFC 1035 says", () => {
    expect(dnsQuestion("example.com").toString("hex")).toBe(["6868", "0100", "0001", "0000", "0000", "0000", "07", Buffer.from("example").toString("hex"), "03", Buffer.from("com").toString("hex"), "00", "0001", "0001"].join(""));
  });

  it("is preceded by its length over TCP", () => {
    expect(overTcp(Buffer.from("abc"))).toEqual(Buffer.from([0, 3, 0x61, 0x62, 0x63]));
  });
});

describe("an answer", () => {
  it.each([
    ["Resolved", answer((message) => message.writeUInt16BE(2, 6))],
    ["NoData", answer(() => {})],
    ["NXDOMAIN", answer((message) => message.writeUInt16BE(0x8183, 2))],
    ["REFUSED", answer((message) => message.writeUInt16BE(0x8185, 2))],
    ["RCODE9", answer((message) => message.writeUInt16BE(0x8189, 2))],
    [undefined, answer((message) => message.writeUInt16BE(0x0100, 2))],
    [undefined, answer((message) => message.writeUInt16BE(1, 0))],
    [undefined, Buffer.alloc(0)],
    [undefined, Buffer.from("HTTP/1.1 400")],
  ])("is %s", (note, message) => {
    expect(dnsNote(message)).toBe(note);
  });
});
