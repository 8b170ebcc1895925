/** What does not compile is found in the source, though other text is compiled than stands there. */
import { share_forward } from "../../shaders/share.wgsl";
import { ShaderError } from "../../src/errors.ts";
import { compileKernel } from "../../src/gpu/kernel.ts";
import type { Assets, GpuCase } from "../stacks/case.ts";

/** In the file itself, and in what it imports. */
const BROKEN = [
  { file: "share.wgsl", text: "fn share_backward(" },
  { file: "lib/index.wgsl", text: "fn linear_index(" },
];

async function namesFileAndLine(device: GPUDevice, assets: Assets): Promise<void> {
  for (const { file, text } of BROKEN) {
    const lines = new TextDecoder().decode(await assets.read(`shaders/${file}`)).split("\n");
    const line = lines.findIndex((one) => one.startsWith(text)) + 1;
    const source = { ...share_forward, code: share_forward.code.replace(text, `${text};`) };
    // The error is what the case is about, not a failure of it.
    device.pushErrorScope("validation");
    const error: unknown = await compileKernel(device, new Map(), source, {}).catch((error) => error);
    await device.popErrorScope();
    const expected = `share_forward: ${file} line ${line}: `;
    if (error instanceof ShaderError && error.message.startsWith(expected)) continue;
    throw new Error(`broken ${file}: expected "${expected}…", got ${error}`);
  }
}

export const cases: readonly GpuCase[] = [
  { name: "a shader that does not compile names the file and line of its source", run: namesFileAndLine },
];
