/** `models` lists networks that are known to open, and what is kept of those that were downloaded. */
import type { Command } from "commander";
import { InputError } from "../errors.ts";
import { deleteKept, type KeptFile, listKept } from "../model/kept.ts";
import { knownNetworks } from "../model/known-networks.ts";
import { cacheFolder, cachePath } from "../node/cache-folder.ts";
import { command } from "./grammar.ts";
import { print } from "./running.ts";

interface ModelsFlags {
  readonly cached?: true;
  readonly delete?: string;
  readonly json?: true;
}

const EXAMPLES = `  ascent models
  ascent info --model vgg16
  ascent models --cached
  ascent models --delete all`;

export function addModels(program: Command): void {
  command(
    program,
    "models",
    "List networks that others published, and what is kept of those that were downloaded.",
    EXAMPLES,
  )
    .option("--cached", "list what is kept of downloads, with its size")
    .option("--delete <name>", "delete what is kept of one address, or `all`")
    .option("--json", "print one line of JSON")
    .action(models);
}

async function models(flags: ModelsFlags): Promise<void> {
  if (flags.delete !== undefined) return deleteCached(flags.delete, flags);
  if (flags.cached) {
    const files = await listKept(cacheFolder());
    print(flags.json ? JSON.stringify({ folder: cachePath(), files }) : cachedText(files));
  } else print(flags.json ? JSON.stringify(knownNetworks) : knownText());
}

function knownText(): string {
  const rows = knownNetworks.map(({ name, megabytes, licence, preprocess, address, what }) => [
    name,
    megabytes === undefined ? "size unknown" : `${megabytes} MB`,
    licence,
    preprocess,
    address,
    what,
  ]);
  return `${table(rows)}\nOnly the layers that are needed are downloaded: --model NAME`;
}

function cachedText(files: readonly KeptFile[]): string {
  if (files.length === 0) return `nothing is kept in ${cachePath()}`;
  const rows = files.map(({ name, kept, size }) => [name, `${mega(kept)} of ${mega(size)} MB`]);
  return `${table(rows)}\n${mega(files.reduce((sum, { kept }) => sum + kept, 0))} MB in ${cachePath()}`;
}

const mega = (bytes: number): string => (bytes / 1e6).toFixed(1);

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** @param name an address as the list has it, its end, or `all` */
async function deleteCached(name: string, { json }: ModelsFlags): Promise<void> {
  const cache = cacheFolder();
  const files = await listKept(cache);
  const found = files.filter(
    (file) => name === "all" || file.name === name || file.name.endsWith(`/${name}`),
  );
  if (found.length === 0 && name !== "all") {
    throw new InputError(`--delete: nothing is kept of ${name}`, {
      remedy: "`ascent models --cached` lists what is kept",
    });
  }
  for (const { key } of found) await deleteKept(cache, key);
  const bytes = found.reduce((sum, { kept }) => sum + kept, 0);
  const names = found.map((file) => file.name);
  print(
    json
      ? JSON.stringify({ deleted: names, bytes })
      : `deleted ${mega(bytes)} MB: ${names.join(", ") || "nothing"}`,
  );
}
