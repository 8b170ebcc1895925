/**
 * Ends a browser and removes its home folder when this process ends without doing so: when it is killed, interrupted or
 * crashes. Firefox stays otherwise, and so does the folder.
 */

import { spawn } from "node:child_process";

export interface BrowserGuard {
  /** @param pid of the browser, which leads a process group where there are such */
  watch(pid: number): void;
  /** The browser has gone and its folder too. */
  dismiss(): void;
}

/** Standard input ends with the process that writes to it. The browser's number is what was written. */
const SCRIPT = `
const [home] = process.argv.slice(1);
let pid = "";
process.stdin.setEncoding("utf8").on("data", (text) => { pid += text; }).on("end", () => {
  try {
    if (pid !== "" && process.platform === "win32") child_process.execFileSync("taskkill", ["/pid", pid, "/T", "/F"]);
    else if (pid !== "") process.kill(-pid, "SIGKILL");
  } catch {}
  fs.rmSync(home, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
});`;

/** Starts a small process, in a group of its own so that Ctrl-C in a terminal does not reach it. */
export function guardBrowser(home: string): BrowserGuard {
  const child = spawn(process.execPath, ["--input-type=commonjs", "-e", SCRIPT, home], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
    windowsHide: true,
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  // Without a guard the work goes on.
  child.on("error", () => {});
  child.stdin.on("error", () => {});
  child.unref();
  return {
    watch: (pid) => void child.stdin.write(`${pid}`),
    dismiss: () => void child.kill("SIGKILL"),
  };
}
