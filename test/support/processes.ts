/** Processes of this machine, as Linux shows them in /proc. */
import { readdirSync, readFileSync } from "node:fs";

export interface Process {
  readonly pid: number;
  /** The command's words, with spaces between. */
  readonly command: string;
}

/** Living children of a process. */
export function childrenOf(parent: number): Process[] {
  return processes().filter(({ ppid, zombie }) => ppid === parent && !zombie);
}

/** Living processes that have a text among their words. */
export function processesWith(text: string): Process[] {
  return processes().filter(({ command, zombie }) => command.includes(text) && !zombie);
}

function processes(): (Process & { readonly ppid: number; readonly zombie: boolean })[] {
  const numbers = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return numbers.flatMap((name) => {
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ");
      // proc(5): number, name in parentheses, state, the parent's number.
      const [state, ppid] = readFileSync(`/proc/${name}/stat`, "utf8").split(") ").at(-1)!.split(" ");
      return [{ pid: Number(name), command, ppid: Number(ppid), zombie: state === "Z" }];
    } catch {
      // It ended meanwhile.
      return [];
    }
  });
}
