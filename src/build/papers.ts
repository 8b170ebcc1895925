/**
 * Tables in the Markdown files that are made from the code. A table stands between two comments:
 *
 *     <!-- table: NAME -->
 *     …
 *     <!-- /table -->
 *
 * `npm run papers` writes every table again; `test/papers/tables.test.ts` fails where one is stale.
 */
import { readdirSync } from "node:fs";
import { join, relative, sep } from "node:path";

/** Markdown tables by name, each made when it is asked for. */
export type PaperTables = Readonly<Record<string, () => string>>;

const MARKED = /^(<!-- table: ([\w-]+) -->\n)[\s\S]*?^(<!-- \/table -->)$/gm;

/** Folders that hold nothing of ours to read. */
const SKIPPED = new Set(["node_modules", "dist", ".git", ".cache"]);

/**
 * The paper with every marked table replaced.
 * @throws Error for a table that has no maker, and for a mark without its end
 */
export function withTables(paper: string, tables: PaperTables): string {
  const marks = paper.match(/^<!-- table: /gm)?.length ?? 0;
  const tableNames = [...paper.matchAll(MARKED)].map(([, , name]) => name);
  if (marks !== tableNames.length) throw new Error("a table's mark has no <!-- /table -->");
  return paper.replace(MARKED, (_all, begin: string, name: string, end: string) => {
    const make = Object.hasOwn(tables, name) ? tables[name] : undefined;
    if (!make) throw new Error(`no table ${name}; there are ${Object.keys(tables).join(", ")}`);
    return `${begin}${make()}\n${end}`;
  });
}

/** A Markdown table. Bars inside cells are escaped. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), `|${"---|".repeat(head.length)}`, ...rows.map(line)].join("\n");
}

/** Files and folders below a folder, with slashes; folders end in one. */
export function filesBelow(root: string, folder = root): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (SKIPPED.has(entry.name)) return [];
    const path = join(folder, entry.name);
    const name = relative(root, path).replaceAll(sep, "/");
    return entry.isDirectory() ? [`${name}/`, ...filesBelow(root, path)] : [name];
  });
}

/** Every Markdown file of the project, relative to its root. */
export function paperFiles(root: string): string[] {
  return filesBelow(root).filter((name) => name.endsWith(".md"));
}
