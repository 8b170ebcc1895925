/** A command that is interrupted leaves the terminal and the folder as they were. A terminal is made by `script` of util-linux. */
import { spawn, spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { dist } from "../stacks/dist.ts";
import { ROOT, stackEnvironment, wantedStacks } from "../stacks/environment.ts";
import { childrenOf, type Process } from "../support/processes.ts";
import { commandLine, writeSmallNetwork } from "./built.ts";

const { at, remove } = commandLine();
const dawn = stackEnvironment("dawn").available && wantedStacks().includes("dawn");
const terminal = process.platform === "linux" && spawnSync("script", ["--version"]).status === 0;
const [HIDDEN, SHOWN] = ["\x1b[?25l", "\x1b[?25h"];

beforeAll(() => writeSmallNetwork(at("net.safetensors")));
afterAll(remove);

it.skipIf(!dawn || !terminal).each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)(
  "%s shows the cursor again, and is told as a shell tells it",
  { timeout: 120_000 },
  async (signal, code) => {
    const words = `render --model ${at("net.safetensors")} --objective channel:conv2_1:0 --size 12 --iterations 1000000 --out ${at("out.png")}`;
    const command = `${process.execPath} ${dist("node/cli.js")} ${words}`;
    const shell = spawn("script", ["-qfec", command, "/dev/null"], { cwd: ROOT });
    let said = "";
    const hidden = new Promise<void>((resolve) =>
      shell.stdout.on("data", (text) => {
        said += String(text);
        if (said.includes(HIDDEN)) resolve();
      }),
    );
    const ended = new Promise((resolve) => shell.once("close", resolve));
    await Promise.race([hidden, ended]);
    const running = descendantsOf(shell.pid as number).find(({ command }) =>
      command.startsWith(process.execPath),
    );
    process.kill(running?.pid as number, signal);
    expect(await ended).toBe(code);
    expect(said.lastIndexOf(SHOWN)).toBeGreaterThan(said.lastIndexOf(HIDDEN));
    expect(readdirSync(at("."))).toEqual(["net.safetensors"]);
  },
);

function descendantsOf(pid: number): readonly Process[] {
  return childrenOf(pid).flatMap((child) => [child, ...descendantsOf(child.pid)]);
}
