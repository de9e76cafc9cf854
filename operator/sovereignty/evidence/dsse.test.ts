import { createVerify, generateKeyPairSync, type KeyObject } from "node:crypto";
import { describe, expect, it, test } from "vitest";
import { prove } from "../prover/prove.ts";
import { deny, snapshot } from "../prover/testing.ts";
import { buildEvidence, rootListOf } from "./evidence.ts";
import { openEnvelope, signRoot } from "./dsse.ts";

const WORLD = snapshot({ networkPolicies: [deny("a")] });
const ROOT = rootListOf(buildEvidence(WORLD, prove(WORLD), { asOf: "2026-11-25T10:00:00Z" }));

interface Pair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}
const pemsOf = ({ privateKey, publicKey }: Pair) => ({ secret: privateKey.export({ type: "pkcs8", format: "pem" }).toString(), open: publicKey.export({ type: "spki", format: "pem" }).toString() });
const ED25519 = pemsOf(generateKeyPairSync("ed25519"));
const P256_PAIR = generateKeyPairSync("ec", { namedCurve: "P-256" });
const P256 = pemsOf(P256_PAIR);
const OTHER = pemsOf(generateKeyPairSync("ed25519"));

describe("a signed root", () => {
  test.each([["Ed25519", ED25519], ["ECDSA P-256", P256]])("is opened with its own key alone (%s)", (_, { secret, open }) => {
    const envelope = JSON.parse(JSON.stringify(signRoot(ROOT, secret))) as unknown;
    expect(openEnvelope(envelope, open)).toEqual(JSON.parse(JSON.stringify(ROOT)));
    expect(() => openEnvelope(envelope, OTHER.open)).toThrow(/^it was signed with the key [0-9a-f]{64}, not with [0-9a-f]{64}$/);
  });

  it("is an in-toto statement about root and bundles, signed as DSSE says", () => {
    const { payload, payloadType, signatures } = signRoot(ROOT, P256.secret);
    const statement = JSON.parse(Buffer.from(payload, "base64").toString()) as object;
    expect(statement).toMatchObject({
      _type: "https://in-toto.io/Statement/v1", predicateType: "https://hoheit.dev/egress-evidence/v1",
      subject: [{ name: "root", digest: { sha256: ROOT.root.slice(7) } }, { name: "namespace/a", digest: { sha256: ROOT.bundles[0]?.sha256.slice(7) } }],
    });
    // The specification's own words: PAE(type, body) = "DSSEv1" + SP + LEN(type) + SP + type + SP + LEN(body) + SP + body
    const body = Buffer.from(payload, "base64");
    const signed = createVerify("sha256").update(`DSSEv1 28 ${payloadType} ${body.length} `).update(body);
    expect(signed.verify(P256_PAIR.publicKey, Buffer.from(signatures[0]!.sig, "base64"))).toBe(true);
  });

  test.each<[string, (payload: string) => string, string]>([
    ["edited", (payload) => Buffer.from(Buffer.from(payload, "base64").toString().replace("PROVED", "proved")).toString("base64"), "the signature is not that of its content: it was edited"],
    ["with something in it that no decoder reads", (payload) => `${payload.slice(0, 9)}\n${payload.slice(9)}`, "the envelope has something in it that is not base64"],
  ])("that was %s is refused", (_, edit, message) => {
    const envelope = signRoot(ROOT, ED25519.secret);
    expect(() => openEnvelope({ ...envelope, payload: edit(envelope.payload) }, ED25519.open)).toThrow(message);
  });

  it("says nothing of who else signed it, nor of what it is not about", () => {
    const envelope = signRoot(ROOT, ED25519.secret);
    for (const other of [null, {}, { ...envelope, signatures: [] }, { ...envelope, signatures: [...envelope.signatures, ...envelope.signatures] }, { ...envelope, payloadType: "text/plain" }, { ...envelope, more: 1 }]) {
      expect(() => openEnvelope(other, ED25519.open)).toThrow("it is no DSSE envelope with one signature over an in-toto statement");
    }
  });
});

test("other keys are refused, with what to use", () => {
  expect(() => signRoot(ROOT, "nonsense")).toThrow("it is no private key in PEM");
  expect(() => openEnvelope(signRoot(ROOT, ED25519.secret), "nonsense")).toThrow("it is no public key in PEM");
  const rsa = pemsOf(generateKeyPairSync("rsa", { modulusLength: 2048 }));
  expect(() => signRoot(ROOT, rsa.secret)).toThrow("it is a key of kind rsa: use Ed25519 or ECDSA P-256");
  expect(() => signRoot(ROOT, pemsOf(generateKeyPairSync("ec", { namedCurve: "P-384" })).secret)).toThrow("it is a key of kind ec: use Ed25519 or ECDSA P-256");
});
