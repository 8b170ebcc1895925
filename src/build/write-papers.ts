/** `npm run papers`: writes the tables of all papers again, from the code. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { paperTables } from "./paper-tables.ts";
import { paperFiles, withTables } from "./papers.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
for (const name of paperFiles(root)) {
  const path = join(root, name);
  const paper = readFileSync(path, "utf8");
  const fresh = withTables(paper, paperTables);
  if (fresh === paper) continue;
  writeFileSync(path, fresh);
  console.log(`papers: wrote ${name}`);
}
