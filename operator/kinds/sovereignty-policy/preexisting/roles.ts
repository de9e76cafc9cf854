/** Who carries labels of ours without having been made by us: the rules of build/guard/made-by-hoheit.ts. */
import { GUARD_PROBE, ROLE } from "../../../lib/labels.ts";
import { API_GROUP } from "../../../lib/names.ts";
import { INSTANTIATED } from "./annotations.ts";
import type { Existing, Judge } from "./index.ts";
import { templateOf } from "./template.ts";

const isReserved = (key: string): boolean => key.startsWith(`${API_GROUP}/`) && key !== GUARD_PROBE;

export function roleFindings(objects: readonly Existing[]): Judge {
  const byUid = new Map(objects.flatMap((object) => (object.metadata.uid === undefined ? [] : [[object.metadata.uid, object] as const])));
  /** Through its controllers, up to one of our custom resources. Owners do not go in circles for long: there are few kinds. */
  const isMade = (object: Existing, depth = 0): boolean => (object.metadata.ownerReferences ?? []).filter(({ controller }) => controller === true).some(({ apiVersion, uid }) => {
    const owner = byUid.get(uid);
    return apiVersion.startsWith(`${API_GROUP}/`) || (owner !== undefined && depth < 4 && isMade(owner, depth + 1));
  });
  return (object) => {
    const template = templateOf(object);
    if (template === undefined || isMade(object) || isRun(object)) return [];
    const own = Object.keys(object.metadata.labels ?? {}).filter(isReserved).map((key) => `metadata.labels[${key}]`);
    const made = template.at === "" ? [] : Object.keys(template.metadata.labels ?? {}).filter(isReserved).map((key) => `${template.at}metadata.labels[${key}]`);
    return [...own, ...made].map((field) => ["roles", field] as const);
  };
}

/** A probe that somebody ran by hand. */
const isRun = ({ kind, metadata }: Existing): boolean =>
  kind === "Job" && metadata.labels?.[ROLE] === "Probe" && metadata.annotations?.[INSTANTIATED] === "manual";
