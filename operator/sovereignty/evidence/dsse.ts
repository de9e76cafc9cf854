/**
 * Signed evidence: an in-toto statement about the root and the bundles, with the root as its predicate, in a DSSE envelope
 * (in-toto Statement v1, DSSE v1.0), which cosign, in-toto and others read. Keys are Ed25519 or ECDSA P-256, as PEM.
 */
import { createHash, createPrivateKey, createPublicKey, sign, verify, type KeyObject } from "node:crypto";
import { z } from "zod";
import { canonicalJson } from "../../lib/hash.ts";
import type { RootList } from "./evidence.ts";

const PAYLOAD_TYPE = "application/vnd.in-toto+json";
const STATEMENT = "https://in-toto.io/Statement/v1";
const PREDICATE = "https://hoheit.dev/egress-evidence/v1";

export interface Envelope {
  readonly payloadType: typeof PAYLOAD_TYPE;
  /** Base64. */
  readonly payload: string;
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
}

/** An envelope that is none, or that the key did not sign, in one sentence. */
export class SignatureError extends Error {
  override readonly name = "SignatureError";
}

/** A key that will not do. */
export class KeyError extends Error {
  override readonly name = "KeyError";
}

/** @throws KeyError for a PEM that holds no private key of these kinds */
export function signRoot(root: RootList, privateKeyPem: string): Envelope {
  const key = keyFrom(() => createPrivateKey(privateKeyPem), "private");
  const payload = Buffer.from(canonicalJson(statementOf(root)));
  const sig = sign(hashFor(key), encodingOf(payload), key).toString("base64");
  return { payloadType: PAYLOAD_TYPE, payload: payload.toString("base64"), signatures: [{ keyid: keyIdOf(createPublicKey(key)), sig }] };
}

/**
 * The root in an envelope, once its signature is seen to be that of the key.
 * @param given parsed JSON
 * @throws SignatureError for what is no envelope, or one that this key did not sign; KeyError for a PEM that holds no public key of these kinds
 */
export function openEnvelope(given: unknown, publicKeyPem: string): unknown {
  const envelope = envelopeShape.safeParse(given);
  if (!envelope.success) throw new SignatureError("it is no DSSE envelope with one signature over an in-toto statement");
  const { payload, signatures: [signature] } = envelope.data;
  const key = keyFrom(() => createPublicKey(publicKeyPem), "public");
  const bytes = bytesOf(payload);
  if (signature.keyid !== keyIdOf(key)) throw new SignatureError(`it was signed with the key ${signature.keyid}, not with ${keyIdOf(key)}`);
  if (!verify(hashFor(key), encodingOf(bytes), key, bytesOf(signature.sig))) throw new SignatureError("the signature is not that of its content: it was edited");
  return predicateOf(bytes);
}

/** One signature: more would have to be judged one by one, and nobody here makes them. */
const envelopeShape = z.strictObject({ payloadType: z.literal(PAYLOAD_TYPE), payload: z.string(), signatures: z.tuple([z.strictObject({ keyid: z.string(), sig: z.string() })]) });

function statementOf(root: RootList): object {
  const subject = [{ name: "root", of: root.root }, ...root.bundles.map(({ namespace, sha256 }) => ({ name: `namespace/${namespace}`, of: sha256 }))];
  return { _type: STATEMENT, subject: subject.map(({ name, of }) => ({ name, digest: { sha256: of.replace("sha256:", "") } })), predicateType: PREDICATE, predicate: root };
}

function predicateOf(bytes: Buffer): unknown {
  let statement: { _type?: unknown; predicateType?: unknown; predicate?: unknown } | null;
  try {
    statement = JSON.parse(bytes.toString("utf8")) as typeof statement;
  } catch {
    throw new SignatureError("the payload is not JSON");
  }
  if (statement?._type !== STATEMENT || statement.predicateType !== PREDICATE || statement.predicate === undefined) throw new SignatureError("the payload is no statement about evidence");
  return statement.predicate;
}

/** What is signed: type and content, each with its length (DSSE v1.0, "PAE"). */
const encodingOf = (payload: Buffer): Buffer => Buffer.concat([Buffer.from(`DSSEv1 ${Buffer.byteLength(PAYLOAD_TYPE)} ${PAYLOAD_TYPE} ${payload.length} `), payload]);

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
    throw new KeyError(`it is no ${kind} key in PEM`);
  }
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === "ed25519" || (type === "ec" && details?.namedCurve === "prime256v1")) return key;
  throw new KeyError(`it is a key of kind ${type ?? "unknown"}: use Ed25519 or ECDSA P-256`);
}

/** Ed25519 hashes by itself. */
const hashFor = ({ asymmetricKeyType }: KeyObject): string | null => (asymmetricKeyType === "ed25519" ? null : "sha256");

/** Sha256 over the public key (SPKI, DER): a hint, which key to take. */
const keyIdOf = (key: KeyObject): string => createHash("sha256").update(key.export({ type: "spki", format: "der" })).digest("hex");
