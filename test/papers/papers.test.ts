/** What the papers name is there: files, links, headings, functions. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, it } from "vitest";
import { filesBelow, paperFiles } from "../../src/build/papers.ts";
import { ROOT } from "../stacks/environment.ts";

const files = filesBelow(ROOT);
const papers = paperFiles(ROOT).map((name) => ({ name, text: readFileSync(join(ROOT, name), "utf8") }));

/** Text, target and heading of every link and picture outside code blocks. */
function linksIn(text: string) {
  const prose = text.replace(/^ *```[\s\S]*?^ *```/gm, "");
  return [...prose.matchAll(/\[([^\]]*)\]\(([^)\s#]*)(?:#([^)\s]+))?\)/g)].map(
    ([, shown = "", target = "", heading]) => ({
      shown,
      target,
      heading,
    }),
  );
}

/** Headings as links name them: GitHub's rule. */
function headingsIn(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

/** Paths of this project that a text names, `*` and words in capitals being anything. */
function pathsIn(text: string): string[] {
  return [...text.matchAll(/(?<![\w./-])(?:src|shaders|test|weights)\/[\w.*/-]*[\w*/]/g)].map(
    ([path]) => path,
  );
}

function isThere(path: string): boolean {
  const source = path
    .replace(/[.+]/g, "\\$&")
    .replace(/\*\*\//g, "(?:.+/)?")
    .replace(/\*|(?<![A-Za-z])(?!README)[A-Z]{2,}(?![A-Za-z])/g, "[^/]*");
  const pattern = new RegExp(`^${source}/?$`);
  return files.some((file) => pattern.test(file));
}

/** Links of a paper to files of the project, their paths from its root. */
function linksFrom(paper: string) {
  const found = papers.find(({ name }) => name === paper);
  return linksIn(found?.text ?? "")
    .filter(({ target }) => !/^\w+:/.test(target))
    .map(({ shown, target }) => ({ shown, path: normalize(join(dirname(paper), target)) }));
}

describe.each(papers)("$name", ({ name, text }) => {
  const links = linksIn(text).filter(({ target }) => !/^\w+:/.test(target));

  it("links to files and headings that are there", () => {
    const broken = links.filter(({ target, heading }) => {
      const path = target === "" ? name : normalize(join(dirname(name), target));
      if (!existsSync(join(ROOT, path))) return true;
      return heading !== undefined && !headingsIn(readFileSync(join(ROOT, path), "utf8")).includes(heading);
    });
    expect(broken).toEqual([]);
  });

  it("names files that are there", () => {
    expect(pathsIn(text).filter((path) => !isThere(path))).toEqual([]);
  });

  it("links a function's name to the file that has it", () => {
    const wrong = links.filter(({ shown, target }) => {
      const [, word] = /^`([A-Za-z_]\w*)(?:\(\))?`$/.exec(shown) ?? [];
      if (word === undefined || !/\.(?:ts|wgsl|py)$/.test(target)) return false;
      const source = readFileSync(join(ROOT, dirname(name), target), "utf8");
      return !new RegExp(`\\b${word}\\b`).test(source);
    });
    expect(wrong).toEqual([]);
  });

  it("names no server that packages are fetched from", () => {
    expect(text).not.toMatch(/\bregistry\.[a-z]+\.[a-z]+/);
  });
});

it("comments in the sources name files that are there", () => {
  const sources = files.filter((name) => /^(src|shaders)\/.*\.(ts|wgsl|mjs)$/.test(name));
  const gone = sources.flatMap((name) => {
    const lines = readFileSync(join(ROOT, name), "utf8").split("\n");
    const comments = lines.filter((line) => /^\s*(\/\*\*|\*|\/\/)/.test(line));
    return comments
      .flatMap(pathsIn)
      .filter((path) => !isThere(path))
      .map((path) => `${name}: ${path}`);
  });
  expect(gone).toEqual([]);
});

it.each([
  ["the update step", "shaders/optimizer.wgsl", "update_rms"],
  ["the bounds of the learning rate", "src/optvis/recipe-fields.ts", "recipeFields"],
  ["how a max-pool goes backward", "shaders/maxpool.wgsl", "maxpool_backward"],
])("%s is three clicks from the README", (_, file, shown) => {
  let pages = ["README.md"];
  const clicked = [1, 2, 3].flatMap(() => {
    const links = pages.flatMap((page) => linksFrom(page));
    pages = links.map(({ path }) => path).filter((path) => path.endsWith(".md"));
    return links;
  });
  expect(clicked).toContainEqual(expect.objectContaining({ path: file, shown: `\`${shown}\`` }));
});

it("README.md is short", () => {
  expect(readFileSync(join(ROOT, "README.md"), "utf8").split("\n").length).toBeLessThanOrEqual(131);
});

it("the README gives the two commands that everything else calls", () => {
  const readme = readFileSync(join(ROOT, "README.md"), "utf8");
  expect(readme).toMatch(/^npm ci && npm start\b/m);
  expect(readme).toMatch(/^npm ci && npm test\b/m);
  expect(readFileSync(join(ROOT, ".ci/run"), "utf8")).toMatch(/^npm ci && npm test$/m);
});
