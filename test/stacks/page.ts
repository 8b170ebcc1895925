/** Runs test cases in a browser; `stack.ts` calls `runCase` through puppeteer. */
import { type Assets, caseFiles, describeFailure, runCase } from "./case.ts";

/** What came of one case: nothing, or the failure in words. */
export interface Outcome {
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
    await runCase(navigator.gpu, gpuCase, httpAssets);
    return {};
  } catch (error) {
    return { failure: describeFailure(error) };
  }
};
