/** PyTorch, where python3 has it: the reference gradient, and rows of the table. */
import { spawnSync } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { PYTORCH } from "./table.ts";

const SCRIPT = join(dirname(resolve(process.argv[1] as string)), "pytorch.py");
const PYTHON = process.env["PYTHON"] ?? "python3";

/** File of the float64 gradient, made once; undefined where there is no PyTorch. */
export function pytorchGradient({ size, target }: { size: number; target: string }): string | undefined {
  const file = join(dirname(PYTORCH), `gradient-${size}-${target}.bin`);
  if (existsSync(file)) return file;
  mkdirSync(dirname(file), { recursive: true });
  const { status } = spawnSync(PYTHON, [SCRIPT, "gradient", String(size), target, file]);
  return status === 0 ? file : undefined;
}

/** Measures and records iterations a second. */
export function pytorchRate(size: number, target: string): void {
  const { status, stdout } = spawnSync(PYTHON, [SCRIPT, "rate", String(size), target], { encoding: "utf8" });
  if (status !== 0) return;
  mkdirSync(dirname(PYTORCH), { recursive: true });
  for (const row of stdout.trim().split("\n")) {
    const line = JSON.stringify({ size, target, ...JSON.parse(row) });
    appendFileSync(PYTORCH, `${line}\n`);
    process.stderr.write(`PyTorch: ${line}\n`);
  }
}
