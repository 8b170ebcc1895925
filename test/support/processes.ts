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

/** Living processes of a group, by the number of the one that leads it. */
export function groupOf(leader: number): Process[] {
  return processes().filter(({ group, zombie }) => group === leader && !zombie);
}

/** Living processes that have a text among their words. */
export function processesWith(text: string): Process[] {
  return processes().filter(({ command, zombie }) => command.includes(text) && !zombie);
}

interface Entry extends Process {
  readonly ppid: number;
  readonly group: number;
  readonly zombie: boolean;
}

function processes(): Entry[] {
  const numbers = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return numbers.flatMap((name) => {
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ");
      // proc(5): number, name in parentheses, state, numbers of the parent and of the group.
      const [state, ppid, group] = readFileSync(`/proc/${name}/stat`, "utf8").split(") ").at(-1)!.split(" ");
      return [
        { pid: Number(name), command, ppid: Number(ppid), group: Number(group), zombie: state === "Z" },
      ];
    } catch {
      // It ended meanwhile.
      return [];
    }
  });
}
