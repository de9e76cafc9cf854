/** The tar format as far as images need it (POSIX ustar, pax records for long names): bytes for one entry, nothing read or written. */

export interface TarEntry {
  /** Relative, `/` between parts, no `/` at the end. */
  readonly path: string;
  readonly type: "file" | "directory" | "link";
  /** Permission bits. */
  readonly mode: number;
  /** Bytes that follow the header; 0 unless a file. */
  readonly size: number;
  /** Target of a symbolic link. */
  readonly target?: string;
}

const BLOCK = 512;
const TYPES = { file: "0", directory: "5", link: "2" } as const;
/** Eleven octal digits; larger sizes are written in base 256, which every reader of images knows. */
const LARGEST_OCTAL = 8 ** 11 - 1;

/** Two empty blocks end an archive. */
export const END_OF_TAR = Buffer.alloc(2 * BLOCK);

/** Zeros that fill the last block of `size` bytes of content. */
export const paddingFor = (size: number): Buffer => Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);

/** Header of an entry, owned by root, with the pax records that it needs before it. `mtime`: seconds since 1970. */
export function tarHeader(entry: TarEntry, mtime: number): Buffer {
  const path = entry.type === "directory" ? `${entry.path}/` : entry.path;
  const split = splitPath(path);
  const target = entry.target ?? "";
  const records = [
    ...(split === undefined ? [paxRecord("path", path)] : []),
    ...(fits(target, 100) ? [] : [paxRecord("linkpath", target)]),
  ];
  const fields: Fields = { ...(split ?? { name: cut(path, 100), prefix: "" }), target: cut(target, 100), type: TYPES[entry.type], mode: entry.mode, size: entry.size, mtime };
  return Buffer.concat([...(records.length === 0 ? [] : [paxHeader(Buffer.concat(records), mtime)]), header(fields)]);
}

interface Fields {
  readonly name: string;
  readonly prefix: string;
  readonly target: string;
  readonly type: string;
  readonly mode: number;
  readonly size: number;
  readonly mtime: number;
}

function header({ name, prefix, target, type, mode, size, mtime }: Fields): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.write(name, 0, 100);
  block.write(octal(mode, 8), 100);
  block.write(octal(0, 8), 108); // user: root
  block.write(octal(0, 8), 116); // group: root
  if (size <= LARGEST_OCTAL) block.write(octal(size, 12), 124);
  else base256(size).copy(block, 124);
  block.write(octal(mtime, 12), 136);
  block.write("        ", 148); // the checksum is computed with spaces in its place
  block.write(type, 156);
  block.write(target, 157, 100);
  block.write("ustar\u000000", 257);
  block.write(prefix, 345, 155);
  block.write(`${octal(block.reduce((sum, byte) => sum + byte, 0), 7)} `, 148);
  return block;
}

/** Zero-terminated, zero-filled: `width` bytes in all. */
const octal = (value: number, width: number): string => `${value.toString(8).padStart(width - 1, "0")}\0`;

function base256(value: number): Buffer {
  const field = Buffer.alloc(12);
  field.writeBigUInt64BE(BigInt(value), 4);
  field[0] = 0x80;
  return field;
}

const isAscii = (text: string): boolean => Buffer.byteLength(text) === text.length;
const fits = (text: string, bytes: number): boolean => isAscii(text) && text.length <= bytes;
const cut = (text: string, bytes: number): string => Buffer.from(text, "latin1").subarray(0, bytes).toString("latin1").replaceAll(/[^\x20-\x7e]/g, "_");

/** ustar has 100 bytes for the name and 155 for what is before its last slashes; undefined if the path does not fit so. */
function splitPath(path: string): { name: string; prefix: string } | undefined {
  if (fits(path, 100)) return { name: path, prefix: "" };
  if (!fits(path, 256)) return undefined;
  const slash = path.indexOf("/", path.length - 101);
  return slash < 1 || slash > 155 || slash === path.length - 1 ? undefined : { name: path.slice(slash + 1), prefix: path.slice(0, slash) };
}

/** `LENGTH KEY=VALUE\n`, where the length counts itself. */
function paxRecord(key: string, value: string): Buffer {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + String(rest).length;
  if (String(length).length > String(rest).length) length = rest + String(length).length;
  return Buffer.from(`${length} ${key}=${value}\n`);
}

function paxHeader(records: Buffer, mtime: number): Buffer {
  const fields = { name: "pax", prefix: "", target: "", type: "x", mode: 0o644, size: records.length, mtime };
  return Buffer.concat([header(fields), records, paddingFor(records.length)]);
}
