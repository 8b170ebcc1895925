/** Test files that take minutes begin first, so that no worker is left alone with one in the end. */
import { BaseSequencer, type TestSpecification } from "vitest/node";

const LONGEST = [
  "stacks/chromium",
  "stacks/firefox",
  "page/page",
  "cli/ascents",
  "stacks/dawn",
  "element/element",
];

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).toSorted((a, b) => place(a) - place(b));
  }
}

function place({ moduleId }: TestSpecification): number {
  const index = LONGEST.findIndex((name) => moduleId.includes(`test/${name}.`));
  return index < 0 ? LONGEST.length : index;
}
