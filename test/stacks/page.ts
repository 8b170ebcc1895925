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

const httpAssets: Assets = {
  async read(path) {
    const response = await fetch(`/asset?path=${encodeURIComponent(path)}`);
    if (!response.ok) throw new Error(await response.text());
    return new Uint8Array(await response.arrayBuffer());
  },
};

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
