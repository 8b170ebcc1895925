/** A network as data: what is computed in which order, without the numbers. */

export type Preprocess = "unit" | "imagenet" | "caffe";

/** 3×3 convolution with bias, stride 1. Names of batch-norm tensors are kept by the reader, not here. */
export interface ConvLayer {
  readonly kind: "conv";
  /** `conv3_4`: fourth convolution of the third block; its output before ReLU, after batch norm. */
  readonly name: string;
  readonly inputChannels: number;
  readonly outputChannels: number;
  readonly padding: 0 | 1;
}

export interface ReluLayer {
  readonly kind: "relu";
  /** `relu3_4`, or `relu6` after `fc6`. */
  readonly name: string;
}

/** 2×2 max-pool, stride 2, odd sizes floor; the first maximum wins ties. */
export interface MaxPoolLayer {
  readonly kind: "maxpool";
  /** `pool3` ends block 3. */
  readonly name: string;
}

/** Adaptive average pool to `outputSize`²; 1 is global average pooling. */
export interface AvgPoolLayer {
  readonly kind: "avgpool";
  readonly name: "avgpool";
  readonly outputSize: number;
}

/** Fully connected layer over the flattened (C,H,W) input; output has shape (outputFeatures,1,1). */
export interface LinearLayer {
  readonly kind: "linear";
  /** `fc6`, `fc7`, `logits`. */
  readonly name: string;
  readonly inputFeatures: number;
  readonly outputFeatures: number;
}

export type Layer = ConvLayer | ReluLayer | MaxPoolLayer | AvgPoolLayer | LinearLayer;

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

/** Channels, height and width of one activation. */
export interface Shape {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** Weights of one layer as the GPU wants them to start from: OIHW or OI, batch norm folded in, F32. */
export interface LayerWeights {
  readonly weight: Float32Array;
  readonly bias: Float32Array;
}

/** An opened checkpoint: its network, and its weights on demand (only what is asked for is read). */
export interface Model {
  readonly network: Network;
  readonly preprocess: Preprocess;
  /** Names of tensors the architecture does not use (`aux.*`). */
  readonly unusedTensors: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  /** Reads, converts, folds and checks (finite) the weights of one `conv` or `linear` layer. */
  layerWeights(layer: ConvLayer | LinearLayer): Promise<LayerWeights>;
  /** Ends a download that is still open; weights not read by then can no longer be. */
  close?(): void;
}
