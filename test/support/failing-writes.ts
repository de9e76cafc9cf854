/** An operator that ends at a write: what tests of crashes give to a reconcile. */
import { TransportError } from "../../operator/kube/errors.ts";
import type { Context } from "../../operator/runtime/kind.ts";

export interface Failure {
  /** Counted from one; this write and all later ones fail. */
  readonly nth: number;
  /** The write is done, and only its answer is lost. */
  readonly done: boolean;
  /** Called after each write that was done, with its number. */
  readonly after?: (write: number) => void;
}

export function failing(context: Context, { nth, done, after = () => undefined }: Failure): Context {
  let writes = 0;
  const wrap = (call: (...given: never[]) => Promise<unknown>) => async (...given: never[]): Promise<unknown> => {
    writes += 1;
    const write = writes;
    if (write >= nth && !done) throw new TransportError("fake", "the operator ended");
    const answer = await call(...given);
    after(write);
    if (write >= nth) throw new TransportError("fake", "the operator ended");
    return answer;
  };
  const { api } = context;
  const writing = Object.fromEntries((["apply", "create", "mergePatch", "delete"] as const).map((name) => [name, wrap(api[name].bind(api))]));
  return { ...context, api: { ...api, ...writing } };
}
