/**
 * Tests in eight projects: `unit` needs nothing, `crd` and `integration` share one real control plane (test/support), `e2e`
 * has a real node (test/support/node) and exists only in the sandbox that hack/e2e.ts makes for it; `vllm-args` and `e2e-vllm`
 * need a real vLLM as well, which hack/e2e-vllm.ts makes; `containers` needs a Docker engine, which hack/containers.ts finds;
 * `browser` needs Chromium, which hack/browser.ts finds.
 */
import { defineConfig } from "vitest/config";

const isCi = process.env.CI !== undefined && process.env.CI !== "";

const shared = {
  // A golden file or snapshot that is missing is a failure where nobody would look at a new one.
  ...(isCi && { update: false as const }),
  restoreMocks: true,
  setupFiles: ["test/support/seed.ts"],
};

/** A real API server needs seconds for what a unit test does in milliseconds. */
const onControlPlane = {
  globalSetup: ["test/support/shared-control-plane.ts"],
  testTimeout: 60_000,
  hookTimeout: 120_000,
  teardownTimeout: 30_000,
  maxWorkers: 2,
};

/** One node, and tests that stop parts of it: one file after the other. */
const onNode = {
  globalSetup: ["test/support/node/global-setup.ts"],
  testTimeout: 120_000,
  hookTimeout: 180_000,
  maxWorkers: 1,
};

const isInSandbox = process.env.HOHEIT_SANDBOX_CGROUP !== undefined;
/** Set by hack/e2e-vllm.ts: it has made the real vLLM, which takes minutes. */
const hasVllm = process.env.HOHEIT_VLLM === "1";

/** Set by hack/containers.ts: there is an engine, and the image is made. */
const hasEngine = process.env.HOHEIT_IMAGE_ARCHIVE !== undefined;

/** Set by hack/browser.ts: the program. */
const hasBrowser = process.env.HOHEIT_CHROMIUM !== undefined;

export default defineConfig({
  test: {
    reporters: ["default"],
    passWithNoTests: false,
    projects: [
      { test: { name: "unit", include: ["operator/**/*.test.ts", "hack/**/*.test.ts", "test/support/**/*.test.ts", "test/vllm/**/*.test.ts"], testTimeout: 20_000, ...shared } },
      { test: { name: "crd", include: ["test/crd/**/*.test.ts"], ...onControlPlane, ...shared } },
      { test: { name: "integration", include: ["test/integration/**/*.test.ts"], ...onControlPlane, ...shared } },
      ...(isInSandbox ? [{ test: { name: "e2e", include: ["test/e2e/**/*.test.ts"], ...onNode, ...shared } }] : []),
      ...(hasVllm ? [{ test: { name: "vllm-args", include: ["test/vllm-args/**/*.test.ts"], hookTimeout: 180_000, ...shared } }] : []),
      ...(hasVllm && isInSandbox ? [{ test: { name: "e2e-vllm", include: ["test/e2e-vllm/**/*.test.ts"], ...onNode, ...shared } }] : []),
      ...(hasBrowser ? [{ test: { name: "browser", include: ["test/browser/**/*.test.ts"], testTimeout: 60_000, hookTimeout: 60_000, maxWorkers: 1, ...shared } }] : []),
      ...(hasEngine ? [{ test: { name: "containers", include: ["test/containers/**/*.test.ts"], testTimeout: 60_000, hookTimeout: 120_000, ...shared } }] : []),
    ],
  },
});
