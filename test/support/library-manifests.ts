/** The manifests from which `hoheit prove` makes its golden files: one workload is proved, one is refuted. */
import { join } from "node:path";

export const LIBRARY = join(import.meta.dirname, "..", "..", "operator", "cli", "prove", "testdata", "library");
