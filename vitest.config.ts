/** Tests in three projects: `unit` needs nothing, `crd` and `integration` share one real control plane (test/support). */
import { defineConfig } from "vitest/config";

const isCi = process.env.CI !== undefined && process.env.CI !== "";

const shared = {
  // A golden file or snapshot that is missing is a failure where nobody would look at a new one.
  ...(isCi && { update: false as const }),
  restoreMocks: true,
};

/** A real API server needs seconds for what a unit test does in milliseconds. */
const onControlPlane = {
  globalSetup: ["test/support/shared-control-plane.ts"],
  testTimeout: 60_000,
  hookTimeout: 120_000,
  teardownTimeout: 30_000,
  maxWorkers: 2,
};

export default defineConfig({
  test: {
    reporters: ["default"],
    passWithNoTests: false,
    projects: [
      { test: { name: "unit", include: ["operator/**/*.test.ts", "hack/**/*.test.ts", "test/support/**/*.test.ts", "test/golden/**/*.test.ts"], testTimeout: 20_000, ...shared } },
      { test: { name: "crd", include: ["test/crd/**/*.test.ts"], ...onControlPlane, ...shared } },
      { test: { name: "integration", include: ["test/integration/**/*.test.ts"], ...onControlPlane, ...shared } },
    ],
  },
});
