/** Checkpoints for tests: tensor shapes of the architectures people have, and files made from them. */
import { type Tensor, writeSafetensors } from "../../src/model/safetensors.ts";

export type Shapes = Map<string, readonly number[]>;
/** Widths of convolutions, and "M" for a pool, as in the papers' and torchvision's configurations. */
export type Configuration = readonly (number | "M")[];

const blocks = (counts: readonly number[], widths: readonly number[]): Configuration =>
  counts.flatMap((count, i) => [...Array<number>(count).fill(widths[i] as number), "M" as const]);

/** Simonyan & Zisserman 2015, table 1, columns A, B, D and E. */
export function vggConfiguration(depth: 11 | 13 | 16 | 19, widths = [64, 128, 256, 512, 512]): Configuration {
  const counts = { 11: [1, 1, 2, 2, 2], 13: [2, 2, 2, 2, 2], 16: [2, 2, 3, 3, 3], 19: [2, 2, 4, 4, 4] };
  return blocks(counts[depth], widths);
}

/** `features.N` as torchvision's `make_layers` numbers them: conv, (batch norm,) ReLU; a pool in between. */
export function featureShapes(configuration: Configuration, batchNorm = false): Shapes {
  const shapes: Shapes = new Map();
  let index = 0;
  let input = 3;
  for (const width of configuration) {
    if (width === "M") {
      index += 1;
      continue;
    }
    shapes.set(`features.${index}.weight`, [width, input, 3, 3]);
    shapes.set(`features.${index}.bias`, [width]);
    if (batchNorm) {
      for (const part of ["weight", "bias", "running_mean", "running_var"]) {
        shapes.set(`features.${index + 1}.${part}`, [width]);
      }
      shapes.set(`features.${index + 1}.num_batches_tracked`, []);
    }
    index += batchNorm ? 3 : 2;
    input = width;
  }
  return shapes;
}

export function withLinear(shapes: Shapes, base: string, weight: readonly number[]): Shapes {
  return new Map([...shapes, [`${base}.weight`, weight], [`${base}.bias`, [weight[0] as number]]]);
}

/** torchvision's head: classifier.0, .3 and .6. */
export function torchvisionHead(shapes: Shapes, channels = 512, hidden = 4096, classes = 1000): Shapes {
  const fc6 = withLinear(shapes, "classifier.0", [hidden, 49 * channels]);
  return withLinear(withLinear(fc6, "classifier.3", [hidden, hidden]), "classifier.6", [classes, hidden]);
}

/** timm's head: two convolutions that are linear layers, then one that says so. */
export function timmHead(shapes: Shapes, channels = 512, hidden = 4096, classes = 1000): Shapes {
  const fc1 = withLinear(shapes, "pre_logits.fc1", [hidden, channels, 7, 7]);
  return withLinear(withLinear(fc1, "pre_logits.fc2", [hidden, hidden, 1, 1]), "head.fc", [classes, hidden]);
}

/** Numbers that differ everywhere: 0.001·(position in the file), and variances that are positive. */
export function fill(shapes: Shapes): Record<string, Tensor> {
  let next = 1;
  return Object.fromEntries(
    [...shapes].map(([name, shape]) => {
      const length = shape.reduce((product, n) => product * n, 1);
      return [name, { shape, data: Float32Array.from({ length }, () => 0.001 * (next++ % 977)) }];
    }),
  );
}

export function checkpoint(shapes: Shapes, metadata?: Record<string, string>): Uint8Array<ArrayBuffer> {
  return writeSafetensors(fill(shapes), metadata);
}

/** A file of exactly this header text and data, right or wrong. */
export function rawSafetensors(
  header: string | Uint8Array,
  data: Uint8Array | number,
  claimed?: bigint,
): Uint8Array {
  const json = typeof header === "string" ? new TextEncoder().encode(header) : header;
  const bytes = typeof data === "number" ? new Uint8Array(data) : data;
  const file = new Uint8Array(8 + json.length + bytes.length);
  new DataView(file.buffer).setBigUint64(0, claimed ?? BigInt(json.length), true);
  file.set(json, 8);
  file.set(bytes, 8 + json.length);
  return file;
}
