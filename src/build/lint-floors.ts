/** Part of `npm run lint`: fails where a file imports or uses what its floor does not have. */
import { fileURLToPath } from "node:url";
import { treeFaults } from "./check-floors.ts";

const faults = await treeFaults(fileURLToPath(new URL("../../", import.meta.url)));
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;
