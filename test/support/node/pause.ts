/**
 * The smallest image there is: one static program that waits for a signal for ever. It holds the network of every pod,
 * and is what runs in pods of which tests need only the labels and the network (attempt.ts acts in their place).
 */
import { writeImage } from "../../../hack/image/archive.ts";

export const PAUSE_IMAGE = "localhost/pause:1";

export async function writePauseImage(output: string): Promise<void> {
  await writeImage({ name: PAUSE_IMAGE, layers: [[{ path: "/pause", content: program(), mode: 0o755 }]], config: { Entrypoint: ["/pause"], User: "65534:65534" } }, output);
}

const BASE = 0x400000n;
const HEADERS = 64 + 56;
/** again: mov eax, 34 (pause); syscall; jmp again */
const CODE = Buffer.from([0xb8, 34, 0, 0, 0, 0x0f, 0x05, 0xeb, 0xf7]);

/** An ELF executable for amd64: a header, one segment, nine bytes of code. */
function program(): Buffer {
  const bytes = Buffer.alloc(HEADERS);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]); // ELF, 64 bits, little endian
  bytes.writeUInt16LE(2, 16); // an executable
  bytes.writeUInt16LE(62, 18); // x86-64
  bytes.writeUInt32LE(1, 20);
  bytes.writeBigUInt64LE(BASE + BigInt(HEADERS), 24); // entry
  bytes.writeBigUInt64LE(64n, 32); // where the segments are listed
  bytes.writeUInt16LE(64, 52);
  bytes.writeUInt16LE(56, 54);
  bytes.writeUInt16LE(1, 56); // one segment
  const length = BigInt(HEADERS + CODE.length);
  bytes.writeUInt32LE(1, 64); // to be loaded
  bytes.writeUInt32LE(5, 68); // readable, executable
  for (const [at, value] of [[80, BASE], [88, BASE], [96, length], [104, length], [112, 0x1000n]] as const) bytes.writeBigUInt64LE(value, at);
  return Buffer.concat([bytes, CODE]);
}
