import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { findBreaches } from "./layers.ts";

let root = "";

function plant(files: Record<string, string>): void {
  root = mkdtempSync(join(tmpdir(), "hoheit-layers-"));
  for (const [path, text] of Object.entries(files)) {
    const target = join(root, "operator", path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
  }
}

afterEach(() => {
  if (root !== "") rmSync(root, { recursive: true, force: true });
  root = "";
});

describe("the layer rule", () => {
  test.each([
    ["lib may not know kube", "lib/a.ts", `import { x } from "../kube/b.ts";`],
    ["kube may not know runtime, not even its types", "kube/a.ts", `import type { X } from "../runtime/b.ts";`],
    ["a pure core may not know kinds", "engine/a.ts", `export { x } from "../kinds/a/schema.ts";`],
    ["the report may not look into the cluster", "report/a.ts", `import { x } from "../kube/b.ts";`],
    ["a pure core may not know the report", "sovereignty/a.ts", `import type { X } from "../report/data.ts";`],
    ["re-exporting everything is importing", "runtime/a.ts", `export * from "../kinds/index.ts";`],
    ["a dynamic import is no way round", "lib/a.ts", `export const load = () => import("../main.ts");`],
    ["a builder may not reach the client", "kinds/x/build/service.ts", `import { KubeApi } from "../../../kube/api.ts";`],
    ["a check may not reach the machinery", "kinds/x/checks.ts", `import { Queue } from "../../runtime/queue.ts";`],
    ["the operator may not reach into hack", "kinds/x/reconcile.ts", `import { x } from "../../../hack/demo.ts";`],
  ])("%s", (_, file, text) => {
    plant({ [file]: `${text}\n` });
    expect(findBreaches(root).map((breach) => breach.file)).toEqual([`operator/${file}`]);
  });

  test("allows what points downwards, and tests anything", () => {
    plant({
      "kinds/x/build/service.ts": `import { a } from "../../../lib/names.ts";\nimport { b } from "../../../engine/flags.ts";\nimport type { C } from "../schema.ts";\n`,
      "kinds/x/reconcile.ts": `import { d } from "../../runtime/outcome.ts";\nimport { readFileSync } from "node:fs";\n`,
      "report/page.ts": `import type { g } from "../sovereignty/verdict.ts";\nimport { h } from "../lib/version.ts";\n`,
      "kinds/x/keeper.ts": `import type { i } from "../../report/data.ts";\n`,
      "lib/names.test.ts": `import { e } from "../kinds/x/schema.ts";\n`,
      "main.ts": `import { f } from "./cli/render.ts";\n`,
    });
    expect(findBreaches(root)).toEqual([]);
  });

  test("holds in this repository", () => {
    expect(findBreaches(resolve(import.meta.dirname, ".."))).toEqual([]);
  });
});
