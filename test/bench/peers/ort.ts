/**
 * onnxruntime-web has no training any more, so the backward pass and the step are written out in one static
 * graph: the gradient of ReLU by the sign of its output, of max-pool by comparing with its output.
 */
import * as ort from "onnxruntime-web/webgpu";
import { OnnxGraph } from "./onnx.ts";
import { type Contender, EPSILON, flipped, LEARNING_RATE, objectiveSeed, type Work } from "./work.ts";

export const createWebgpu = (work: Work): Promise<Contender> => create(work, "webgpu");
/** On the CPU, with two threads. */
export const createWasm = (work: Work): Promise<Contender> => create(work, "wasm");

async function create(work: Work, provider: "webgpu" | "wasm"): Promise<Contender> {
  ort.env.wasm.wasmPaths = new URL("/onnxruntime/", location.href).href;
  ort.env.wasm.numThreads = provider === "wasm" ? 2 : 1;
  ort.env.logLevel = "error";
  const session = await ort.InferenceSession.create(graphOf(work).encode(), {
    executionProviders: [provider],
    preferredOutputLocation: provider === "webgpu" ? "gpu-buffer" : "cpu",
    graphOptimizationLevel: "all",
  });
  const shape = [1, 3, work.size, work.size];
  const start = () => new ort.Tensor("float32", work.image.slice(), shape);
  let image: ort.Tensor = start();
  return {
    version: ort.env.versions.web ?? "",
    async iterate(count) {
      for (let i = 0; i < count; i++) {
        const { next } = await session.run({ image }, ["next"]);
        image.dispose();
        image = next as ort.Tensor;
      }
      if (provider === "webgpu")
        await ((await ort.env.webgpu.device) as GPUDevice).queue.onSubmittedWorkDone();
    },
    async gradient() {
      const { gradient } = await session.run({ image: start() }, ["gradient"]);
      return (await (gradient as ort.Tensor).getData()) as Float32Array;
    },
  };
}

const CONVOLUTION = { kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [1, 1] };
const ALL = { axes: [0, 1, 2, 3], keepdims: 1 };

/** Inputs: image. Outputs: gradient, and next, the image after the step. */
function graphOf(work: Work): OnnxGraph {
  const graph = new OnnxGraph();
  const shape = [1, 3, work.size, work.size];
  const image = graph.input("image", shape);
  const gradient = graph.namedNode("gradient", "Identity", [gradientOf(graph, work, image)]);
  const squares = graph.node("Mul", [gradient, gradient]);
  const rms = graph.node("Sqrt", [graph.node("ReduceMean", [squares], ALL)]);
  const floor = graph.node("Add", [rms, scalar(graph, EPSILON)]);
  const rate = graph.node("Div", [scalar(graph, LEARNING_RATE), floor]);
  graph.namedNode("next", "Add", [image, graph.node("Mul", [gradient, rate])]);
  graph.output("gradient", shape);
  graph.output("next", shape);
  return graph;
}

function gradientOf(graph: OnnxGraph, work: Work, image: string): string {
  const inputs: string[] = [];
  const outputs: string[] = [];
  let x = image;
  for (const layer of work.layers) {
    inputs.push(x);
    if (layer.kind === "pool") {
      x = graph.node("MaxPool", [x], { kernel_shape: [2, 2], strides: [2, 2] });
    } else {
      const weight = graph.tensor([layer.outputChannels, layer.inputChannels, 3, 3], layer.weight);
      const bias = graph.tensor([layer.outputChannels], layer.bias);
      x = graph.node("Relu", [graph.node("Conv", [x, weight, bias], CONVOLUTION)]);
    }
    outputs.push(x);
  }
  const { channels, targetSize } = work;
  let gradient = graph.tensor([1, channels, targetSize, targetSize], objectiveSeed(work));
  const zero = scalar(graph, 0);
  const scales = graph.tensor([4], Float32Array.of(1, 1, 2, 2));
  const enlarged = (small: string) =>
    graph.node("Resize", [small, "", scales], {
      mode: "nearest",
      coordinate_transformation_mode: "asymmetric",
      nearest_mode: "floor",
    });
  // The ReLU before a pool is masked at the pool's size: its output is zero where the ReLU's all are.
  let masked = false;
  for (const [i, layer] of [...work.layers.entries()].reverse()) {
    const [input, output] = [inputs[i] as string, outputs[i] as string];
    if (!masked) gradient = graph.node("Mul", [gradient, graph.node("Sign", [output])]);
    masked = layer.kind === "pool";
    if (layer.kind === "pool") {
      const chosen = graph.node("Equal", [input, enlarged(output)]);
      gradient = graph.node("Where", [chosen, enlarged(gradient), zero]);
    } else {
      const weight = graph.tensor([layer.inputChannels, layer.outputChannels, 3, 3], flipped(layer));
      gradient = graph.node("Conv", [gradient, weight], CONVOLUTION);
    }
  }
  return gradient;
}

function scalar(graph: OnnxGraph, value: number): string {
  return graph.tensor([1], Float32Array.of(value));
}
