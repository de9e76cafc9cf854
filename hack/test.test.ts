import { describe, expect, test } from "vitest";
import { planOf } from "./test.ts";

describe("npm test", () => {
  test("runs everything when nothing is named", () => {
    expect(planOf([])).toEqual({ types: true, vitest: [] });
  });

  test("runs only the type checker for `types`", () => {
    expect(planOf(["types"])).toEqual({ types: true, vitest: undefined });
  });

  test("runs the projects that are named", () => {
    expect(planOf(["crd", "unit"])).toEqual({ types: false, vitest: ["--project", "crd", "--project", "unit"] });
  });

  test("takes any other word for a part of a file name and hands options on", () => {
    expect(planOf(["integration", "reflector", "-t", "relist"])).toEqual({ types: false, vitest: ["reflector", "--project", "integration", "-t", "relist"] });
  });
});
