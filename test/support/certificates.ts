/**
 * Self-signed server certificates for 127.0.0.1 and localhost, made in memory: Node can sign but not build them, and
 * a fresh machine need not have openssl. Just enough DER (X.690) for RFC 5280; each certificate is its own authority.
 */
import { generateKeyPairSync, randomBytes, sign } from "node:crypto";

export interface Certificate {
  /** PEM; also what a client must trust. */
  readonly cert: string;
  /** PEM. */
  readonly key: string;
}

const SEQUENCE = 0x30;
const SET = 0x31;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const UTF8_STRING = 0x0c;
const UTC_TIME = 0x17;

const ECDSA_WITH_SHA256 = object("2a8648ce3d040302");
const COMMON_NAME = object("550403");
const BASIC_CONSTRAINTS = object("551d13");
const SUBJECT_ALT_NAME = object("551d11");

/** A new key and certificate, valid from an hour ago for a day. */
export function makeCertificate(commonName = "test"): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const algorithm = der(SEQUENCE, ECDSA_WITH_SHA256);
  const name = der(SEQUENCE, der(SET, der(SEQUENCE, COMMON_NAME, der(UTF8_STRING, Buffer.from(commonName)))));
  const serial = Buffer.concat([Buffer.from([0x01]), randomBytes(15)]);
  const body = der(
    SEQUENCE,
    der(0xa0, der(INTEGER, Buffer.from([2]))),
    der(INTEGER, serial),
    algorithm,
    name,
    der(SEQUENCE, time(Date.now() - 3_600_000), time(Date.now() + 86_400_000)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, der(SEQUENCE, extension(BASIC_CONSTRAINTS, der(SEQUENCE, Buffer.from([0x01, 0x01, 0xff]))), extension(SUBJECT_ALT_NAME, altNames()))),
  );
  const signature = der(BIT_STRING, Buffer.concat([Buffer.from([0]), sign("sha256", body, privateKey)]));
  return { cert: pem(der(SEQUENCE, body, algorithm, signature)), key: privateKey.export({ type: "pkcs8", format: "pem" }).toString() };
}

function altNames(): Buffer {
  return der(SEQUENCE, der(0x82, Buffer.from("localhost")), der(0x87, Buffer.from([127, 0, 0, 1])));
}

function extension(id: Buffer, value: Buffer): Buffer {
  return der(SEQUENCE, id, der(OCTET_STRING, value));
}

/** YYMMDDhhmmssZ */
function time(at: number): Buffer {
  return der(UTC_TIME, Buffer.from(`${new Date(at).toISOString().replace(/[-:T]/g, "").slice(2, 14)}Z`));
}

function object(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, "hex"));
}

function der(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const length = content.length;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  return Buffer.concat([Buffer.from(length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff]), content]);
}

function pem(bytes: Buffer): string {
  return `-----BEGIN CERTIFICATE-----\n${bytes.toString("base64").replace(/.{64}/g, "$&\n").trimEnd()}\n-----END CERTIFICATE-----\n`;
}
