/** Makes a vitest suite of all test cases on one stack. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasAsset } from "./assets.ts";
import { CaseRunner } from "./browser.ts";
import { caseFiles, type GpuCase } from "./case.ts";
import { runOnDawn } from "./dawn.ts";
import { type Stack, stackEnvironment, wantedStacks } from "./environment.ts";

const CASE_TIMEOUT = 120_000;

/** One `test` a case. A stack that is not there fails; `ASCENT_STACKS` narrows what is wanted. */
export async function describeStack(stack: Stack): Promise<void> {
  if (!wantedStacks().includes(stack)) {
    describe.skip(stack, () => test("is not among ASCENT_STACKS", () => {}));
    return;
  }
  const loaded = await Promise.all(Object.entries(caseFiles).map(loadCases));
  const environment = stackEnvironment(stack);
  describe(stack, () => {
    let runner: CaseRunner | undefined;
    test("is available", () => expect(environment).toMatchObject({ available: true }));
    if (!environment.available) return;
    if (stack !== "dawn") {
      beforeAll(async () => {
        runner = await CaseRunner.start(stack);
      }, CASE_TIMEOUT);
      afterAll(() => runner?.close(), CASE_TIMEOUT);
    }
    for (const { file, cases, failure } of loaded) {
      describe(file, () => {
        if (failure !== undefined) test("loads", () => Promise.reject(failure));
        for (const gpuCase of cases) {
          const missing = (gpuCase.needs ?? []).filter((path) => !hasAsset(path));
          const elsewhere = gpuCase.once === true && stack !== "dawn";
          const name = missing.length > 0 ? `${gpuCase.name} (absent: ${missing.join(", ")})` : gpuCase.name;
          test.skipIf(missing.length > 0 || elsewhere)(
            elsewhere ? `${name} (on Dawn)` : name,
            async ({ skip }) => {
              const result = await (runner?.run(file, gpuCase) ?? runOnDawn(environment, gpuCase));
              if (result.skipped !== undefined) skip(result.skipped);
            },
            gpuCase.timeout ?? CASE_TIMEOUT,
          );
        }
      });
    }
  });
}

interface LoadedCases {
  readonly file: string;
  readonly cases: readonly GpuCase[];
  /** Why the file does not load. */
  readonly failure?: unknown;
}

async function loadCases([file, load]: [string, () => Promise<readonly GpuCase[]>]): Promise<LoadedCases> {
  try {
    const cases = await load();
    if (!Array.isArray(cases)) throw new Error(`${file}.cases.ts exports no array "cases"`);
    return { file, cases };
  } catch (failure) {
    return { file, cases: [], failure };
  }
}
