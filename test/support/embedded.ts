/** The network that comes with the project, for cases on any stack. */

import { openModel } from "../../src/model/model.ts";
import type { Model } from "../../src/model/network.ts";
import { bytesSource } from "../../src/model/source.ts";
import type { Assets } from "../stacks/case.ts";

const FILE = "weights/ascent-vgg.safetensors";

export async function embedded(assets: Assets): Promise<Model> {
  return openModel(bytesSource(FILE, await assets.read(FILE)));
}
