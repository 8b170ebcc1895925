/** Files that ship with the package. */

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { InputError } from "../errors.ts";

/** Where this module is: `src/node`, or `dist/node` once bundled. */
const here = dirname(fileURLToPath(import.meta.url));

/** Path of a file of the package, by its path from the folder of package.json. */
export function packageFile(path: string): string {
  let folder = here;
  while (!existsSync(join(folder, "package.json")) && dirname(folder) !== folder) folder = dirname(folder);
  return join(folder, path);
}

/**
 * Path of a file that `npm run build` makes, by its path in `dist`.
 *
 * @throws InputError where it is not built
 */
export function builtFile(path: string): string {
  const file = packageFile(join("dist", path));
  if (existsSync(file)) return file;
  throw new InputError(`not built yet: ${file}`, { remedy: "npm run build" });
}
