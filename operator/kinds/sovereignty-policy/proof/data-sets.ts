/** The data sets that policies name: read where they are, and what they say of declared destinations. */
import type { KubeApi } from "../../../kube/api.ts";
import { isRefusal } from "../../../kube/errors.ts";
import { CONFIG_MAPS } from "../../../kube/resources.ts";
import type { Clock } from "../../../lib/clock.ts";
import { dataSetIn } from "../../../sovereignty/datasets/config-map.ts";
import { DataSetError, type DataSet } from "../../../sovereignty/datasets/data-set.ts";
import type { SovereigntyPolicy } from "../schema.ts";

/** What a ConfigMap turned out to be. */
export type Reading = { readonly set: DataSet } | { readonly problem: string };

export interface NamedReading {
  /** In `spec.dataSets`. */
  readonly name: string;
  readonly reading: Reading;
}

export interface DataSets {
  /** Those that a policy names, in its order. Rejects if there is no answer. */
  of(policy: Pick<SovereigntyPolicy, "spec">): Promise<NamedReading[]>;
}

export const NO_DATA_SETS: DataSets = { of: () => Promise.resolve([]) };

/** They are large and change once in months: how late that is seen, in milliseconds. */
const READ_EVERY_MS = 300_000;
/** What is missing or wrong is about to be put right. */
const READ_AGAIN_MS = 10_000;

/** When reading them again may bring something newer, in milliseconds from now. */
export const readAgainMs = (readings: readonly NamedReading[]): number => (readings.some(({ reading }) => "problem" in reading) ? READ_AGAIN_MS : Infinity);

interface Parts {
  readonly api: Pick<KubeApi, "get">;
  readonly clock: Clock;
  /** The operator's own: whoever may write there may write all else that it believes. */
  readonly namespace: string;
}

/** Reads each ConfigMap once for all policies, and again from time to time. */
export function dataSetsIn({ api, clock, namespace }: Parts): DataSets {
  const known = new Map<string, { readonly reading: Promise<Reading>; readonly at: number }>();
  const read = async (name: string): Promise<Reading> => {
    const live = await api.get(CONFIG_MAPS, { namespace, name }).catch((error: unknown) => {
      if (isRefusal(error)) return error.message;
      throw error;
    });
    if (typeof live === "string") return { problem: live };
    return live === undefined ? { problem: `ConfigMap ${namespace}/${name} is not there; make it with hoheit data-set` } : readingOf(() => dataSetIn(live));
  };
  const recall = async (name: string): Promise<Reading> => {
    const before = known.get(name);
    if (before !== undefined) {
      const age = clock.monotonic() - before.at;
      const reading = await before.reading.catch(() => undefined);
      if (reading !== undefined && age < ("set" in reading ? READ_EVERY_MS : READ_AGAIN_MS)) return reading;
    }
    const reading = read(name);
    known.set(name, { reading, at: clock.monotonic() });
    return reading;
  };
  return { of: ({ spec }) => Promise.all(spec.dataSets.map(async ({ name, configMapRef }) => ({ name, reading: await recall(configMapRef.name) }))) };
}

function readingOf(parse: () => DataSet): Reading {
  try {
    return { set: parse() };
  } catch (error) {
    if (error instanceof DataSetError) return { problem: error.message };
    throw error;
  }
}
