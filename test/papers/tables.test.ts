/** Tables in papers are what the code says now. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { paperTables } from "../../src/build/paper-tables.ts";
import { markdownTable, paperFiles, withTables } from "../../src/build/papers.ts";
import { ROOT } from "../stacks/environment.ts";

const papers = paperFiles(ROOT).map((name) => ({ name, text: readFileSync(join(ROOT, name), "utf8") }));

describe("the tables of the papers", () => {
  it.each(papers)("$name is as `npm run papers` writes it", ({ text }) => {
    expect(text).toBe(withTables(text, paperTables));
  });

  it("each stand in exactly one paper", () => {
    const placed = papers.flatMap(({ text }) =>
      [...text.matchAll(/^<!-- table: ([\w-]+) -->$/gm)].map((found) => found[1]),
    );
    expect(placed.toSorted()).toEqual(Object.keys(paperTables).toSorted());
  });
});

describe("withTables", () => {
  const paper = "before\n<!-- table: one -->\nold\n<!-- /table -->\nafter\n";

  it("replaces what stands between the marks and nothing else", () => {
    const fresh = withTables(paper, { one: () => "new" });
    expect(fresh).toBe("before\n<!-- table: one -->\nnew\n<!-- /table -->\nafter\n");
  });

  it("refuses a table that nobody makes", () => {
    expect(() => withTables(paper, {})).toThrow("no table one");
  });

  it("refuses a mark without its end", () => {
    expect(() => withTables("<!-- table: one -->\n", { one: () => "" })).toThrow("has no <!-- /table -->");
  });
});

it("escapes bars in the cells of a table", () => {
  expect(markdownTable(["a", "b"], [["x|y", "z"]])).toBe("| a | b |\n|---|---|\n| x\\|y | z |");
});
