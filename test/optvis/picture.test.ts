import { describe, expect, it } from "vitest";
import { InputError } from "../../src/errors.ts";
import {
  fileChannels,
  fitPhoto,
  fitTransparent,
  isTransparent,
  type Raster,
  toPixels,
  trainedPhoto,
} from "../../src/optvis/picture.ts";

/** Any picture: numbers without a pattern, from the digits of a linear congruence. */
function picture(width: number, height: number, channels: 3 | 4 = 3): Raster {
  let state = 12345;
  const data = Uint8Array.from({ length: width * height * channels }, () => {
    state = (1103515245 * state + 12345) % 2147483648;
    return (state >> 16) & 255;
  });
  return { width, height, channels, data };
}

/**
 * Area averaging in whole numbers: every source pixel becomes (2·h·w)² equal ones, so that both the crop and
 * each target pixel cover whole numbers of them.
 */
function averageByCounting(source: Raster, [height, width]: readonly [number, number]): number[] {
  const fine = 2 * height * width;
  const tall = source.height * fine;
  const wide = source.width * fine;
  const step = Math.min(Math.floor(tall / height), Math.floor(wide / width));
  const top = (tall - step * height) / 2;
  const left = (wide - step * width) / 2;
  const image: number[] = [];
  for (let c = 0; c < 3; c++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        let sum = 0;
        for (let i = 0; i < step; i++) {
          const row = Math.floor((top + y * step + i) / fine);
          for (let j = 0; j < step; j++) {
            const column = Math.floor((left + x * step + j) / fine);
            sum += source.data[(row * source.width + column) * source.channels + c] as number;
          }
        }
        image.push(sum / step ** 2 / 255);
      }
    }
  }
  return image;
}

describe("fitPhoto", () => {
  it("leaves a picture of the right size as it is", () => {
    const source = picture(3, 2);
    const image = fitPhoto(source, [2, 3]);
    for (let i = 0; i < 18; i++)
      expect(image[(i % 3) * 6 + Math.floor(i / 3)]).toBeCloseTo(source.data[i]! / 255, 7);
  });

  it("averages whole blocks of the centre, by hand", () => {
    // 4×2 of one grey each; a square target keeps the two middle columns.
    const data = [0, 40, 80, 250, 10, 60, 100, 250].flatMap((grey) => [grey, grey, grey]);
    const image = fitPhoto({ width: 4, height: 2, channels: 3, data }, [1, 1]);
    expect([...image]).toEqual([70, 70, 70].map((grey) => Math.fround(grey / 255)));
  });

  it.each([
    [7, 5, 3, 2],
    [5, 7, 2, 2],
    [8, 8, 3, 3],
    [4, 9, 1, 3],
    [9, 4, 3, 1],
    [3, 3, 4, 4],
    [2, 3, 5, 3],
    [1, 1, 2, 3],
  ])("averages %i×%i to height %i, width %i as counting does", (width, height, toHeight, toWidth) => {
    const source = picture(width, height);
    const image = fitPhoto(source, [toHeight, toWidth]);
    const expected = averageByCounting(source, [toHeight, toWidth]);
    expect(image).toHaveLength(expected.length);
    // Float64 sums, rounded once to float32: half a unit in the last place of numbers up to 1.
    for (const [i, value] of expected.entries()) expect(Math.abs(image[i]! - value)).toBeLessThan(2 ** -24);
  });

  it("shows transparent pixels on white", () => {
    const data = [200, 100, 0, 0, 200, 100, 0, 255, 200, 100, 0, 51, 200, 100, 0, 255];
    const image = fitPhoto({ width: 2, height: 2, channels: 4, data }, [2, 2]);
    const shown = (colour: number, alpha: number) => Math.fround((colour * alpha + 255 * (1 - alpha)) / 255);
    for (const [c, colour] of [200, 100, 0].entries()) {
      for (const [i, alpha] of [0, 1, 0.2, 1].entries()) {
        expect(image[c * 4 + i]).toBeCloseTo(shown(colour, alpha), 6);
      }
    }
  });

  it("refuses a picture without pixels", () => {
    expect(() => fitPhoto({ width: 0, height: 3, channels: 3, data: [] }, [2, 2])).toThrow(InputError);
  });
});

describe("fitTransparent", () => {
  it("averages opacity, and colours by opacity; white where nothing is opaque", () => {
    // A row of two squares of 2×2: red 255 and blue 100 of opacity 1 and 0.2 beside clear green; all clear.
    const [red, blue, green] = [
      [255, 0, 0, 255],
      [0, 0, 100, 51],
      [0, 200, 0, 0],
    ];
    const data = [red, green, green, green, blue, green, green, green].flat() as number[];
    const image = fitTransparent({ width: 4, height: 2, channels: 4, data }, [1, 2]);
    const expected = [
      [1 / 1.2, 1],
      [0, 1],
      [(0.2 * 100) / 255 / 1.2, 1],
      [1.2 / 4, 0],
    ].flat();
    expect(image).toHaveLength(expected.length);
    for (const [i, value] of expected.entries()) expect(image[i]).toBeCloseTo(value, 6);
  });

  it.each([3, 4] as const)("is fitPhoto where everything is opaque, %i channels", (channels) => {
    const { data, ...source } = picture(7, 5, channels);
    const opaque = {
      ...source,
      data: Uint8Array.from(data, (x, i) => (i % 4 === 3 && channels === 4 ? 255 : x)),
    };
    const image = fitTransparent(opaque, [2, 3]);
    const colours = fitPhoto(opaque, [2, 3]);
    for (const [i, value] of colours.entries()) expect(image[i]).toBeCloseTo(value, 6);
    for (const a of image.slice(18)) expect(a).toBeCloseTo(1, 6);
    expect(isTransparent(opaque)).toBe(false);
  });

  it("is asked for where a single pixel is not opaque", () => {
    expect(isTransparent({ width: 2, height: 1, channels: 4, data: [1, 2, 3, 255, 1, 2, 3, 254] })).toBe(
      true,
    );
  });
});

describe("a grey picture", () => {
  const grey = Float32Array.of(0.5, 2);
  const alpha = Float32Array.of(1, 0.2);

  it("is a file of one channel, with its opacity of two", () => {
    expect(fileChannels(grey, [1, 2])).toBe(1);
    expect(fileChannels(grey, [1, 2], alpha)).toBe(2);
    expect(fileChannels(new Float32Array(6), [1, 2])).toBe(3);
    expect(fileChannels(new Float32Array(6), [1, 2], alpha)).toBe(4);
  });

  it("has equal colours on a canvas", () => {
    expect([...toPixels(grey, [1, 2], 1)]).toEqual([128, 255]);
    expect([...toPixels(grey, [1, 2], 2, alpha)]).toEqual([128, 255, 255, 51]);
    expect([...toPixels(grey, [1, 2], 2)]).toEqual([128, 255, 255, 255]);
    expect([...toPixels(grey, [1, 2], 3)]).toEqual([128, 128, 128, 255, 255, 255]);
    expect([...toPixels(grey, [1, 2], 4)]).toEqual([128, 128, 128, 255, 255, 255, 255, 255]);
  });
});

describe("toPixels", () => {
  it("rounds halves up and clamps, with and without alpha", () => {
    const rgb = Float32Array.from([-0.1, 0.5, 1, 0.25, 1.1, 2.5 / 255]);
    expect([...toPixels(rgb, [1, 2], 3)]).toEqual([0, 255, 255, 128, 64, 3]);
    expect([...toPixels(rgb, [1, 2], 4)]).toEqual([0, 255, 255, 255, 128, 64, 3, 255]);
    const alpha = Float32Array.of(1, 0.25);
    expect([...toPixels(rgb, [1, 2], 4, alpha)]).toEqual([0, 255, 255, 255, 128, 64, 3, 64]);
    expect([...toPixels(rgb, [1, 2], 3, alpha)]).toEqual([...toPixels(rgb, [1, 2], 3)]);
  });
});

describe("trainedPhoto", () => {
  // PyTorch 1.13 in float64: interpolate(mode="bilinear", antialias=True) to a shorter side of 8, and torchvision's centre crop.
  it.each([
    [20, 13, [0.661275, 0.613725, 0.572948, 0.519935, 0.487092], [0.626366, 0.509216], 70.07957],
    [5, 9, [0.396639, 0.359384, 0.312876, 0.326794, 0.308368], [0.414645, 0.258333], 65.95874],
  ] as const)("resizes and crops %i×%i to 7×7 as PyTorch", (width, height, begin, end, sum) => {
    const data = Array.from({ length: 3 * width * height }, (_, i) => (7 * i * i + 37 * i + 11) % 251);
    const image = trainedPhoto({ width, height, channels: 3, data }, [7, 7]);
    for (const [i, x] of begin.entries()) expect(image[i]).toBeCloseTo(x, 5);
    for (const [i, x] of end.entries()) expect(image[image.length - 2 + i]).toBeCloseTo(x, 5);
    expect(image.reduce((a, b) => a + b, 0)).toBeCloseTo(sum, 3);
  });

  it("shows what is transparent on white, and refuses a picture without pixels", () => {
    const image = trainedPhoto({ width: 2, height: 2, channels: 4, data: new Uint8Array(16) }, [3, 5]);
    expect([...image].every((x) => x === 1)).toBe(true);
    expect(() => trainedPhoto({ width: 0, height: 3, channels: 3, data: [] }, [2, 2])).toThrow(InputError);
  });
});
