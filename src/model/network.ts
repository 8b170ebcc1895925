/** A network as data: which layers in which order, without the numbers. */
import type { Layer } from "../nn/registry.ts";

export type { Shape } from "../nn/layer.ts";
export type { Layer } from "../nn/registry.ts";

/**
 * How the network wants its pixels: a word, or `mean=0.5,0.5,0.5;std=0.5,0.5,0.5`, to which `;order=bgr` may be added.
 * `preprocess.ts` reads it.
 */
export type Preprocess = "unit" | "imagenet" | "caffe" | `mean=${string}`;

export interface Network {
  /** For people: `VGG-19 to conv3_4`, `VGG-11 with batch norm`, `VGG-style, 9 convolutions`. */
  readonly name: string;
  /** In order of execution; the first one reads the preprocessed image (3 channels). */
  readonly layers: readonly Layer[];
  /** Class names of the last layer, index for index; empty where there is no head. */
  readonly classes: readonly string[];
}

/** Of an image, in pixels. */
export type Size = readonly [height: number, width: number];

/** Weights of one layer in float32, (outputs,inputs,3,3) or (outputs,inputs), batch norm folded in. */
export interface LayerWeights {
  readonly weight: Float32Array;
  readonly bias: Float32Array;
}

/** A tensor of the file, as float32, in rows, last index fastest. */
export interface Part {
  /** The file's name of it. */
  readonly name: string;
  /** @throws WeightsError where a number is not finite */
  read(): Promise<Float32Array<ArrayBuffer>>;
  /** Reads these first indices alone, in rising order; the numbers of all others are zeros. Missing where it cannot. */
  readRows?(rows: readonly number[]): Promise<Float32Array<ArrayBuffer>>;
}

/** What the weights of one layer are made of in the file. A missing bias is zeros, a missing scale ones. */
export interface LayerParts {
  /** (outputs,inputs,k,k) or (outputs,inputs); missing where the layer is batch norm alone. */
  readonly weight?: Part;
  readonly bias?: Part;
  /** One number an output each. */
  readonly batchNorm?: {
    /** γ */
    readonly weight?: Part;
    /** β */
    readonly bias?: Part;
    readonly mean: Part;
    readonly variance: Part;
    /** ε */
    readonly epsilon: number;
  };
}

/** A layer whose weights are going to be read, and of which outputs; all if not said. */
export interface WantedLayer {
  readonly layer: Layer;
  readonly rows?: readonly number[] | undefined;
}

/** An opened checkpoint: its network, and its weights, which are read layer by layer. */
export interface Model {
  readonly network: Network;
  readonly preprocess: Preprocess;
  /** Names of tensors the architecture does not use (`aux.*`). */
  readonly unusedTensors: readonly string[];
  /** What neither the file nor the one who opened it said, and was taken for granted: a sentence each. */
  readonly assumptions: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  /** What one layer's weights are made of, batch norm not folded in. Nothing is read yet. */
  layerParts(layer: Layer): LayerParts;
  /**
   * Reads the weights of one layer, converts them, folds batch norm in, and checks that they are finite.
   * @param rows outputs that are wanted, in rising order; the numbers of others may be zeros
   */
  layerWeights(layer: Layer, rows?: readonly number[]): Promise<LayerWeights>;
  /** Told which layers' weights are going to be read, so that the progress of a download has an end. */
  expect?(wanted: readonly WantedLayer[]): void;
  /** Ends a download that is still open. Weights that are not read by then cannot be read any more. */
  close?(): void;
}
