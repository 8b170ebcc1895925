/** A thousand hostile files for each reader. `npm run test:soak` reads a hundred thousand. */
import { availableParallelism } from "node:os";
import { expect, test } from "vitest";
import { kindNames } from "../../support/hostile/kinds.ts";
import { sayAgain, soak } from "../../support/hostile/soak.ts";

const FILES = 1000;

test("hostile files are refused in words, or open: no crash, hang, untyped error, memory or code of theirs", {
  timeout: 300_000,
}, async () => {
  const jobs = kindNames.map((kind) => ({ kind, from: 0, to: FILES }));
  const rows = await soak(jobs, availableParallelism());
  const failures = rows.flatMap(({ kind, failures: all }) =>
    all.map(({ number, what }) => `${sayAgain(kind, number)}: ${what}`),
  );
  expect(failures).toEqual([]);
  expect(rows.map(({ kind, files }) => [kind, files]).sort()).toEqual(
    kindNames.map((kind) => [kind, FILES]).sort(),
  );
  // Neither all good nor all bad, or they would prove nothing.
  for (const { kind, opened, listed } of rows) expect(opened + listed, kind).toBeGreaterThan(FILES / 100);
});
