/** Runs test cases in a browser; `stack.ts` calls `runCase` through puppeteer. */
import { type Assets, type CaseResult, caseFiles, describeFailure, runCase } from "./case.ts";

/** What came of one case; a failure is told in words. */
export interface Outcome extends CaseResult {
  readonly failure?: string;
}

declare global {
  interface Window {
    runCase?: (file: string, name: string) => Promise<Outcome>;
  }
}

/** What was read, by path: many cases look at the same weights. */
const known = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();

const httpAssets: Assets = {
  read(path) {
    const bytes = known.get(path) ?? fetchAsset(path);
    known.set(path, bytes);
    return bytes;
  },
};

async function fetchAsset(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(`/asset?path=${encodeURIComponent(path)}`);
  if (!response.ok) throw new Error(await response.text());
  return new Uint8Array(await response.arrayBuffer());
}

window.runCase = async (file, name) => {
  try {
    if (!navigator.gpu) throw new Error("this browser has no navigator.gpu");
    const gpuCase = (await caseFiles[file]?.())?.find((candidate) => candidate.name === name);
    if (!gpuCase) throw new Error(`no case ${name} in ${file}`);
    return await runCase(navigator.gpu, gpuCase, httpAssets);
  } catch (error) {
    return { failure: describeFailure(error) };
  }
};
