/** Sizes of a Laplacian pyramid; level l has ⌈H/2^l⌉×⌈W/2^l⌉ pixels in each plane. */
export interface PyramidShape {
  readonly batch: number;
  readonly planes: number;
  readonly height: number;
  readonly width: number;
  readonly levels: number;
}

export function levelSizes({ height, width, levels }: PyramidShape): readonly (readonly [number, number])[] {
  return Array.from({ length: levels }, (_, l) => [Math.ceil(height / 2 ** l), Math.ceil(width / 2 ** l)]);
}

/** Numbers of one image's levels. */
export function pyramidLength(shape: PyramidShape): number {
  return levelSizes(shape).reduce((sum, [h, w]) => sum + shape.planes * h * w, 0);
}

/** Two neighbours and their weights along one axis: half-pixel centres, edges repeated. */
function neighbours(i: number, part: number, whole: number): [number, number][] {
  const at = Math.min(part - 1, Math.max(0, ((i + 0.5) * part) / whole - 0.5));
  const low = Math.floor(at);
  return [
    [low, 1 - (at - low)],
    [Math.min(low + 1, part - 1), at - low],
  ];
}

/** Visits every pixel of the image with every level's pixel under it and its weight. */
function eachTap(shape: PyramidShape, visit: (pixel: number, value: number, weight: number) => void): void {
  const { batch, planes, height, width } = shape;
  const length = pyramidLength(shape);
  for (let n = 0; n < batch; n++) {
    let first = n * length;
    for (const [h, w] of levelSizes(shape)) {
      for (let c = 0; c < planes; c++) {
        for (let i = 0; i < height; i++) {
          for (let j = 0; j < width; j++) {
            for (const [p, vertical] of neighbours(i, h, height)) {
              for (const [q, horizontal] of neighbours(j, w, width)) {
                const pixel = ((n * planes + c) * height + i) * width + j;
                visit(pixel, first + (c * h + p) * w + q, vertical * horizontal);
              }
            }
          }
        }
      }
      first += planes * h * w;
    }
  }
}

/** The levels, (N,length), enlarged and added up, (N,C,H,W). */
export function pyramidForward(values: Float64Array, shape: PyramidShape): Float64Array {
  const x = new Float64Array(shape.batch * shape.planes * shape.height * shape.width);
  eachTap(shape, (pixel, value, weight) => {
    x[pixel]! += weight * values[value]!;
  });
  return x;
}

/** The transpose. */
export function pyramidBackward(dx: Float64Array, shape: PyramidShape): Float64Array {
  const values = new Float64Array(shape.batch * pyramidLength(shape));
  eachTap(shape, (pixel, value, weight) => {
    values[value]! += weight * dx[pixel]!;
  });
  return values;
}
