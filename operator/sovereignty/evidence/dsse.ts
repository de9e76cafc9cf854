/**
 * Signed evidence: an in-toto statement about the root and the bundles, in a DSSE envelope (in-toto Statement v1, DSSE v1.0),
 * which cosign, in-toto and others read. Keys are Ed25519 or ECDSA P-256, as PEM.
 */
import { createHash, createPrivateKey, createPublicKey, sign, verify, type KeyObject } from "node:crypto";
import { canonicalJson } from "../../lib/hash.ts";
import type { Evidence } from "./evidence.ts";

export const PAYLOAD_TYPE = "application/vnd.in-toto+json";
const STATEMENT = "https://in-toto.io/Statement/v1";
const PREDICATE = "https://hoheit.dev/egress-evidence/v1";

export interface Envelope {
  readonly payloadType: typeof PAYLOAD_TYPE;
  /** Base64. */
  readonly payload: string;
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
}

/** A key or an envelope that will not do, in one sentence. */
export class SignatureError extends Error {
  override readonly name = "SignatureError";
}

/** @throws SignatureError for a PEM that holds no private key of these kinds */
export function signEvidence(evidence: Evidence, privateKeyPem: string): Envelope {
  const key = keyFrom(() => createPrivateKey(privateKeyPem), "private");
  const payload = Buffer.from(canonicalJson(statementOf(evidence)));
  const sig = sign(hashFor(key), encodingOf(payload), key).toString("base64");
  return { payloadType: PAYLOAD_TYPE, payload: payload.toString("base64"), signatures: [{ keyid: keyIdOf(createPublicKey(key)), sig }] };
}

/**
 * The evidence in an envelope, and whether it was signed by this key; without a key `isSigned` is undefined: nobody looked.
 * @throws SignatureError for an envelope that is none, or a PEM that holds no public key of these kinds
 */
export function openEnvelope({ payload, payloadType, signatures }: Envelope, publicKeyPem?: string): { readonly evidence: unknown; readonly isSigned: boolean | undefined } {
  const bytes = bytesOf(payload);
  const evidence = predicateOf(bytes);
  if (publicKeyPem === undefined) return { evidence, isSigned: undefined };
  const key = keyFrom(() => createPublicKey(publicKeyPem), "public");
  const isOurs = ({ keyid, sig }: Envelope["signatures"][number]): boolean => keyid === keyIdOf(key) && verify(hashFor(key), encodingOf(bytes, payloadType), key, bytesOf(sig));
  return { evidence, isSigned: signatures.length === 1 && signatures.every(isOurs) };
}

function statementOf(evidence: Evidence): object {
  const subject = [{ name: "root", of: evidence.root }, ...evidence.bundles.map(({ namespace, sha256 }) => ({ name: `namespace/${namespace}`, of: sha256 }))];
  return { _type: STATEMENT, subject: subject.map(({ name, of }) => ({ name, digest: { sha256: of.replace("sha256:", "") } })), predicateType: PREDICATE, predicate: evidence };
}

function predicateOf(bytes: Buffer): unknown {
  let statement: { _type?: unknown; predicateType?: unknown; predicate?: Evidence } | null;
  try {
    statement = JSON.parse(bytes.toString("utf8")) as typeof statement;
  } catch {
    throw new SignatureError("the payload is not JSON");
  }
  if (statement?._type !== STATEMENT || statement.predicateType !== PREDICATE || statement.predicate === undefined) throw new SignatureError("the payload is no statement about evidence");
  return statement.predicate;
}

/** What is signed: type and content, each with its length (DSSE v1.0, "PAE"). */
function encodingOf(payload: Buffer, type: string = PAYLOAD_TYPE): Buffer {
  return Buffer.concat([Buffer.from(`DSSEv1 ${Buffer.byteLength(type)} ${type} ${payload.length} `), payload]);
}

/** Node ignores what is not base64: only the one spelling counts. */
function bytesOf(base64: string): Buffer {
  const bytes = Buffer.from(base64, "base64");
  if (bytes.toString("base64") !== base64) throw new SignatureError("the envelope has something in it that is not base64");
  return bytes;
}

function keyFrom(read: () => KeyObject, kind: "private" | "public"): KeyObject {
  let key: KeyObject;
  try {
    key = read();
  } catch {
    throw new SignatureError(`the key is no ${kind} key in PEM`);
  }
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === "ed25519" || (type === "ec" && details?.namedCurve === "prime256v1")) return key;
  throw new SignatureError(`the key is ${type ?? "of an unknown kind"}: use Ed25519 or ECDSA P-256`);
}

/** Ed25519 hashes by itself. */
const hashFor = ({ asymmetricKeyType }: KeyObject): string | null => (asymmetricKeyType === "ed25519" ? null : "sha256");

/** Sha256 over the public key (SPKI, DER): a hint, which key to take. */
const keyIdOf = (key: KeyObject): string => createHash("sha256").update(key.export({ type: "spki", format: "der" })).digest("hex");
