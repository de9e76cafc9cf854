/** What is older than the guard, as far as it is known: looked at if it is time, otherwise as it was found last. */
import type { Context } from "../../../runtime/kind.ts";
import { nextSurvey, recordOf, type SurveyRecord, type Surveying } from "../surveying.ts";
import { survey } from "./survey.ts";

export async function olderThanTheGuard(surveying: Surveying, { api, clock }: Pick<Context, "api" | "clock">): Promise<SurveyRecord | undefined> {
  if (nextSurvey(surveying, clock.now()) > clock.now()) return surveying.last;
  return recordOf(surveying, await survey(api, surveying.namespaces, surveying.judged), clock.now());
}
