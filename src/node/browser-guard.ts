/**
 * Ends a browser and removes its home folder when this process ends without doing so: when it is killed, interrupted or
 * crashes. Firefox stays otherwise, and so does the folder.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { subscribe, unsubscribe } from "node:diagnostics_channel";

export interface BrowserGuard {
  /** Call it when the browser and its folder have gone. */
  dismiss(): void;
}

/**
 * Standard input ends with the process that writes to it; the browser's number is what was written. The folder is removed
 * when the browser writes no more to it. What nobody reaps stays as a number: that is not waited for long.
 */
const SCRIPT = `
const [home] = process.argv.slice(1);
let pid = "";
process.stdin.setEncoding("utf8").on("data", (text) => { pid += text; }).on("end", () => {
  const signal = (name) => {
    try { process.kill(-pid, name); return true; } catch { return false; }
  };
  const remove = (tries) => {
    if (pid !== "" && tries > 0 && signal(0)) setTimeout(remove, 50, tries - 1);
    else fs.rmSync(home, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  };
  if (pid !== "" && process.platform === "win32") child_process.spawnSync("taskkill", ["/pid", pid, "/T", "/F"]);
  else if (pid !== "") signal("SIGKILL");
  remove(40);
});`;

/**
 * Call it before the browser is started. The guard is a small process, in a group of its own so that Ctrl-C in a terminal
 * does not reach it.
 *
 * @param home the browser's, which stands in its command line
 */
export function guardBrowser(home: string): BrowserGuard {
  const guard = spawn(process.execPath, ["--input-type=commonjs", "-e", SCRIPT, home], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
    windowsHide: true,
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  // Without a guard the work goes on.
  guard.on("error", () => {});
  guard.stdin.on("error", () => {});
  guard.unref();
  // Puppeteer tells the browser's number when it is open, seconds after it was started.
  const onChild = (message: unknown): void => {
    const { process: child } = message as { readonly process: ChildProcess };
    child.once("spawn", () => {
      if (child !== guard && child.spawnargs.some((word) => word.includes(home)))
        guard.stdin.write(`${child.pid}`);
    });
  };
  subscribe("child_process", onChild);
  return {
    dismiss() {
      unsubscribe("child_process", onChild);
      guard.kill("SIGKILL");
    },
  };
}
