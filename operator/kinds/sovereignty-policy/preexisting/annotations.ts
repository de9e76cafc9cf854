/** Which annotations the guard goes by. */
import { PREFIXES } from "../build/guard/second-networks.ts";

/** Of a Job: made by hand from a CronJob (`kubectl create job --from`). */
export const INSTANTIATED = "cronjob.kubernetes.io/instantiate";

export const choosesNetwork = (key: string): boolean => PREFIXES.some((prefix) => key.startsWith(prefix));
export const isJudged = (key: string): boolean => key === INSTANTIATED || choosesNetwork(key);
