#!/usr/bin/env node
/** The command line: parses, runs, and turns every failure into one line on stderr. */

import { readFileSync } from "node:fs";
import { CommanderError } from "commander";
import { AscentError, InputError } from "../errors.ts";
import { packageFile } from "../node/package-file.ts";
import { listenForEnd } from "./ending.ts";
import { buildProgram } from "./program.ts";

/** Bad input, or a machine that cannot do what is asked. */
const REFUSED = 2;
/** A defect of this program. */
const DEFECT = 1;

async function main(): Promise<number> {
  const { version } = JSON.parse(readFileSync(packageFile("package.json"), "utf8")) as { version: string };
  try {
    const program = buildProgram(performance.timeOrigin, version);
    if (process.argv.length <= 2) program.outputHelp();
    else await program.parseAsync();
    // A command that ran may say no.
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    process.stderr.write(`${oneLine(error)}\n`);
    if (process.env["ASCENT_DEBUG"]) console.error(error);
    return error instanceof AscentError ? REFUSED : DEFECT;
  }
}

function oneLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const text =
    error instanceof AscentError ? message : `unexpected failure (ASCENT_DEBUG=1 shows more): ${message}`;
  const remedy = error instanceof AscentError && error.remedy ? `; ${error.remedy}` : "";
  return `ascent: ${text}${remedy}`.replace(/\s*\n\s*/g, " ").trim();
}

// Whoever reads our output may stop reading, as `head` does; that is no failure, and ends no work on files.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") return;
  process.stderr.write(`${oneLine(new InputError(`cannot print: ${error.message}`))}\n`);
  process.exit(REFUSED);
});

listenForEnd();
process.exitCode = await main();
