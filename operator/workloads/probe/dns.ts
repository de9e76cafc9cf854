/**
 * The few bytes of DNS that a probe needs (RFC 1035, 4): one question, and what kind of answer came. A sealed pod gets
 * none. A name server that answers at all is a way out already: names can carry data to whoever serves them.
 */

/** Ours; an answer repeats it. */
const ID = 0x6868;
const RECURSION_DESIRED = 0x0100;
const HEADER = 12;
const RESPONSE = 0x80;
const CODES: Readonly<Record<number, string>> = { 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED" };

/** The question for the IPv4 addresses of a name. */
export function dnsQuestion(name: string): Buffer {
  const header = Buffer.alloc(HEADER);
  header.writeUInt16BE(ID, 0);
  header.writeUInt16BE(RECURSION_DESIRED, 2);
  header.writeUInt16BE(1, 4);
  const labels = name.split(".").flatMap((label) => [Buffer.from([label.length]), Buffer.from(label, "latin1")]);
  // Root, type A, class IN.
  return Buffer.concat([header, ...labels, Buffer.from([0, 0, 1, 0, 1])]);
}

/** Over TCP a message is preceded by its length (RFC 1035, 4.2.2). */
export function overTcp(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}

/**
 * In a word, what a name server said: `Resolved` if it knows the name's address, its response code otherwise; undefined
 * if it said nothing that is an answer to our question.
 */
export function dnsNote(answer: Buffer): string | undefined {
  if (answer.length < HEADER || answer.readUInt16BE(0) !== ID || ((answer[2] ?? 0) & RESPONSE) === 0) return undefined;
  const code = (answer[3] ?? 0) & 0x0f;
  if (code !== 0) return CODES[code] ?? `RCODE${code}`;
  return answer.readUInt16BE(6) > 0 ? "Resolved" : "NoData";
}
