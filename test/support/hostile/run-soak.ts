/**
 * `npm run test:soak`: 100,000 hostile files of each kind. `-- KIND…` some kinds, `--files N` as many of each,
 * `--from NUMBER` the first one, `--threads N`, `--file NUMBER` one file alone, and with `--out PATH` written there.
 */
import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import type { Kind } from "./kind.ts";
import { type KindName, kindNames, kinds } from "./kinds.ts";
import { Random } from "./random.ts";
import { readSeeds } from "./seeds.ts";
import { type Row, sayAgain, soak } from "./soak.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    files: { type: "string", default: "100000" },
    threads: { type: "string", default: String(availableParallelism()) },
    from: { type: "string", default: "0" },
    file: { type: "string" },
    out: { type: "string" },
  },
});
const unknown = positionals.filter((kind) => !Object.hasOwn(kinds, kind));
if (unknown.length > 0) throw new Error(`unknown: ${unknown.join(", ")}; there are ${kindNames.join(", ")}`);
const wanted = positionals.length > 0 ? (positionals as readonly KindName[]) : kindNames;
const ROW = 500;

function table(rows: readonly Row[]): string {
  const lines = rows.map(({ kind, files, opened, listed, slowest, most, failures }) => [
    ...[
      kind,
      String(files),
      String(opened),
      String(listed),
      String(files - opened - listed),
      `${slowest.ms.toFixed(0)} ms (${slowest.number})`,
    ],
    ...[`${(most.bytes / 2 ** 20).toFixed(1)} MB (${most.number})`, String(failures.length)],
  ]);
  const all = [
    ["reader", "files", "opened", "listed", "refused", "slowest", "most memory", "failures"],
    ...lines,
  ];
  const widths = all[0]?.map((_, i) => Math.max(...all.map((line) => line[i]?.length ?? 0))) ?? [];
  return all.map((line) => line.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  ")).join("\n");
}

async function all(): Promise<void> {
  const first = Number(values.from);
  const end = first + Number(values.files);
  const jobs = Array.from({ length: Math.ceil((end - first) / ROW) }, (_, i) => {
    const from = first + i * ROW;
    return wanted.map((kind) => ({ kind, from, to: Math.min(end, from + ROW) }));
  }).flat();
  let said = Date.now();
  const told = new Map<KindName, number>();
  const rows = await soak(jobs, Number(values.threads), (soFar) => {
    for (const { kind, failures } of soFar) {
      for (const { number, what } of failures.slice(told.get(kind) ?? 0))
        process.stderr.write(`${sayAgain(kind, number)}: ${what.split("\n")[0]}\n`);
      told.set(kind, failures.length);
    }
    if (Date.now() - said < 60_000) return;
    said = Date.now();
    process.stderr.write(`${table(soFar)}\n\n`);
  });
  process.stdout.write(`${table(rows)}\n`);
  for (const { kind, failures } of rows) {
    for (const { number, what } of failures.slice(0, 20))
      process.stdout.write(`\n${sayAgain(kind, number)}\n${what}\n`);
    if (failures.length > 0) process.exitCode = 1;
  }
}

async function one(number: number): Promise<void> {
  const [kind = "safetensors"] = wanted;
  const file = (kinds[kind] as Kind).make(new Random(kind, number), await readSeeds());
  if (values.out !== undefined) writeFileSync(values.out, file.bytes);
  const begin = performance.now();
  const outcome = await (kinds[kind] as Kind).read(file, () => undefined);
  const ms = (performance.now() - begin).toFixed(1);
  process.stdout.write(`${kind} ${number}: ${file.bytes.length} bytes, ${outcome}, ${ms} ms\n`);
}

await (values.file === undefined ? all() : one(Number(values.file)));
