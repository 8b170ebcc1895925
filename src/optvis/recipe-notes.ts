/** What people are told of the tuned settings and of every named recipe: a title, the source, and one sentence. */
import type { RecipeName } from "./named-recipes.ts";

export interface RecipeNote {
  /** A few words, for a button. */
  readonly title: string;
  /** Who published it and where, or whose it is. */
  readonly source: string;
  /** What it does, and what one sees. */
  readonly says: string;
}

/** `default` stands for the tuned settings (`recipes.ts`). */
export const recipeNotes: Readonly<Record<"default" | RecipeName, RecipeNote>> = {
  default: {
    title: "Tuned",
    source: "this project",
    says: "Plain ascent with a little jitter or blur, tuned for classes and for channels: most pictures begin here.",
  },
  simonyan2013: {
    title: "Simonyan",
    source:
      'Simonyan et al. 2013, "Deep Inside Convolutional Networks"; neither its λ nor its rate is published, these are ours',
    says: "The first: plain steps along the gradient, held back by the square of the pixels alone.",
  },
  yosinski2015a: {
    title: "Yosinski a",
    source: yosinski("a"),
    says: "A blur every fourth iteration, and pixels of a small norm fall back to the mean colour.",
  },
  yosinski2015b: {
    title: "Yosinski b",
    source: yosinski("b"),
    says: "Every step takes 30 % of the picture away, so only what the gradient renews is left.",
  },
  yosinski2015c: {
    title: "Yosinski c",
    source: yosinski("c"),
    says: "A strong blur every fourth iteration: large soft shapes.",
  },
  yosinski2015d: {
    title: "Yosinski d",
    source: yosinski("d"),
    says: "Nine of ten pixels, those that contribute least, fall back at every step: a sparse picture.",
  },
  cs231n: {
    title: "CS231n",
    source: "Stanford CS231n, class visualization",
    says: "The course's exercise: steps of one length, jitter, and a blur every tenth iteration.",
  },
  keras: {
    title: "Keras",
    source: 'Chollet 2020, "Visualizing what convnets learn"',
    says: "Thirty long steps of one length, without a regularizer, shown around grey.",
  },
  tfjs: {
    title: "TensorFlow.js",
    source: "tfjs-examples, visualize-convnet",
    says: "Small steps normalised by their rms, and colours clamped: fine grain, since nothing smooths it.",
  },
  deepdream: {
    title: "DeepDream",
    source: "Mordvintsev et al. 2015, DeepDream, one octave",
    says: "Ten steps that exaggerate what a photograph already holds: choose a photograph as the start.",
  },
  lucid2017: {
    title: "Lucid",
    source: 'Olah et al. 2017, "Feature Visualization", as Lucid\'s `render_vis` does it',
    says: "A spectrum of decorrelated colours ascends under random moves: rich pictures of channels.",
  },
  maco2023: {
    title: "MACO",
    source:
      'Fel et al. 2023, "Unlocking Feature Visualization for Deeper Networks with MAgnitude Constrained Optimization"',
    says: "Only the phase of a spectrum ascends, with the magnitudes of photographs; made for 500 pixels a side.",
  },
};

function yosinski(row: string): string {
  return `Yosinski et al. 2015, "Understanding Neural Networks Through Deep Visualization", Table 1 ${row}; it gives no rate, this is ours, of normalised steps`;
}
