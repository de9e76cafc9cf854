/**
 * How a model server starts and stops.
 *
 *   start  startupProbe asks /health, which answers only once the engine has loaded, for at most `startupSeconds`
 *   stop   preStop sleeps while endpoints and proxies forget the pod: it would still be sent requests, and a draining
 *          vLLM answers them with aborted output while /health stays 200
 *          SIGTERM then drains for at most `drainSeconds` (--shutdown-timeout; its default 0 aborts at once, vllm #36666)
 *          SIGKILL after the grace, which must be longer than both together
 */
import type { Container } from "../../../lib/k8s-types.ts";
import { SERVING_PORT_NAME } from "../../../lib/names.ts";

const PRE_STOP_SECONDS = 15;
/** For what vLLM does after draining: ending workers and freeing accelerators. */
const EXIT_SECONDS = 30;
const STARTUP_PERIOD_SECONDS = 10;

type Probe = NonNullable<Container["startupProbe"]>;

const health = { path: "/health", port: SERVING_PORT_NAME, scheme: "HTTP" };

/** Seconds from the deletion of a pod to SIGKILL. */
export const graceSeconds = (drainSeconds: number): number => PRE_STOP_SECONDS + drainSeconds + EXIT_SECONDS;

/** Seconds without progress after which a rollout counts as stuck: longer than a start, the pull of an image and the end of the pod before. */
export const progressSeconds = (startupSeconds: number, drainSeconds: number): number => startupSeconds + graceSeconds(drainSeconds) + 600;

export function buildProbes(startupSeconds: number): { startupProbe: Probe; readinessProbe: Probe; livenessProbe: Probe } {
  // A server that is restarted by a probe has nothing to drain: it never was ready, or its engine is dead.
  const restart = { terminationGracePeriodSeconds: PRE_STOP_SECONDS + EXIT_SECONDS };
  return {
    startupProbe: { httpGet: health, periodSeconds: STARTUP_PERIOD_SECONDS, timeoutSeconds: 5, failureThreshold: Math.ceil(startupSeconds / STARTUP_PERIOD_SECONDS), successThreshold: 1, ...restart },
    readinessProbe: { httpGet: health, periodSeconds: 5, timeoutSeconds: 5, failureThreshold: 3, successThreshold: 1 },
    // Two minutes: a server under load answers late, and a restart costs a full load of the weights.
    livenessProbe: { httpGet: health, periodSeconds: 10, timeoutSeconds: 10, failureThreshold: 12, successThreshold: 1, ...restart },
  };
}

/** The kubelet sleeps by itself (KEP-3960): no shell is needed in the image. */
export const buildLifecycle = (): NonNullable<Container["lifecycle"]> => ({ preStop: { sleep: { seconds: PRE_STOP_SECONDS } } });
