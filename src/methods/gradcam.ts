/** `gradcam`: the places of a layer that speak for an objective, in full size by bilinear interpolation (arXiv:1610.02391). */
import { deepestLayer } from "../engine/plan/steps.ts";
import { InputError } from "../errors.ts";
import type { Network, Shape } from "../model/network.ts";
import { layerShapes } from "../model/shapes.ts";
import { layerKind } from "../nn/registry.ts";
import { text } from "../optvis/field.ts";
import { parseObjective } from "../optvis/objective.ts";
import { resizePlanes } from "../optvis/resize.ts";
import { method } from "./method.ts";
import { attributionText, mapOf, mapTensor, withImage } from "./shared/attribution.ts";
import { mapOnPhoto } from "./shared/picture.ts";

const options = {
  layer: text({
    label: "Layer",
    help: "whose places",
    default: "",
    leftOut:
      "the ReLU of the last convolution that the objective needs, or that convolution where the objective is of it",
    empty: true,
    most: 200,
    placeholder: "name",
  }),
};

export const gradcam = method({
  name: "Grad-CAM",
  sentence: "Grad-CAM: the places of a layer that speak for an objective.",
  caption: "the places that speak for the subject",
  source: "Selvaraju et al. 2017",
  input: "photograph",
  subject: "objective",
  options,
  makes: { map: mapTensor, cam: { shape: "[1,1,h,w]", unit: "at the layer's size" } },
  examples: [
    "--model embedded --image photo.jpg --size 128 --objective class:goldfish --layer relu4_2 --out gradcam.png",
  ],
  picture: { note: "over the photograph", draw: mapOnPhoto },
  steps: () => 0,
  run(gpu, model, given, context) {
    const layer = given.layer || lastConvolution(model.network, given.objective);
    const setting = { method: "gradcam", context, plan: { cam: layer } };
    return withImage(gpu, model, given, setting, async (ascent, size, image) => {
      const { objective } = await ascent.gradient(image);
      const shape = layerShapes(model.network, size, { upTo: layer }).get(layer) as Shape;
      const small = [shape.height, shape.width] as const;
      const cam = mapOf(await ascent.readCam(), small);
      const map = mapOf(resizePlanes(cam.data, small, size), size);
      const remark = remarkOn(cam.data, layer, given.objective);
      return { objective: objective[0] as number, layer, tensors: { map, cam }, remark };
    });
  },
  summary: attributionText,
});

/** What to say of a map that shows nothing: one without evidence, or one of a single place. */
function remarkOn(cam: Float32Array, layer: string, objective: string): string | undefined {
  if (cam.length === 1) {
    return (
      `${layer} has one value for the whole image, so the map is the same everywhere; ` +
      "choose a layer with positions, a convolution's or its ReLU's"
    );
  }
  if (cam.some((value) => value !== 0)) return undefined;
  return (
    `the map is 0 everywhere: no place of ${layer} speaks for ${objective}; ` +
    `try -1 times the objective, for the places that speak against it, or another layer`
  );
}

/** The ReLU of the last convolution up to the objective's deepest layer, or that convolution where it ends there. */
function lastConvolution(network: Network, spec: string): string {
  const depth = deepestLayer(network, parseObjective(spec, network));
  const layers = network.layers.slice(0, network.layers.findIndex(({ name }) => name === depth) + 1);
  const at = layers.findLastIndex((layer) => layerKind(layer).weights === "shared");
  const after = layers[at + 1];
  const layer = after && layerKind(after).reads === "unit" ? after : layers[at];
  if (layer === undefined) throw new InputError(`${network.name} has no convolution before ${depth}`);
  return layer.name;
}
