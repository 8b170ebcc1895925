import { describe, expect, it } from "vitest";
import { InputError } from "../../../src/errors.ts";
import { crop, pad } from "../../../src/optvis/transforms/window.ts";
import { BUFFERS, PLACE } from "../../support/transforms.ts";

describe("a border", () => {
  it("is added on every side, whatever the strength", () => {
    expect(pad(3).outputSize([5, 7])).toEqual([11, 13]);
    expect(pad(3).forward(PLACE, BUFFERS).uniform).toMatchObject({
      ...{ inputHeight: 5, inputWidth: 7, outputHeight: 11, outputWidth: 13 },
      ...{ border: 3, slack: 0, spread: 0, fill: [0.1, 0.2, 0.3, 0] },
    });
  });
});

describe("a crop", () => {
  it("leaves a smaller window, which moves by its strength", () => {
    expect(crop(4).outputSize([5, 7])).toEqual([1, 3]);
    const { uniform, live } = crop(4).forward(PLACE, BUFFERS);
    expect(uniform).toMatchObject({ outputHeight: 1, outputWidth: 3, border: 0, slack: 4, spread: 2 });
    expect(live).toEqual({ seed: { key: "seed", scale: 1 }, spread: { key: "strength", scale: 4 } });
  });

  it("of the whole image is refused, with the most that can be cropped", () => {
    expect(() => crop(5).outputSize([5, 7])).toThrow(InputError);
    expect(() => crop(5).outputSize([5, 7])).toThrow("crop:5 leaves no image of 5×7 pixels");
  });
});

it("runs over the pixels of what it writes: the window there, the image back", () => {
  const groups = (numbers: number) => [Math.ceil(numbers / 64), 1, 1];
  expect(pad(3).forward(PLACE, BUFFERS).workgroups).toEqual(groups(2 * 3 * 11 * 13));
  expect(pad(3).backward(PLACE, BUFFERS).workgroups).toEqual(groups(2 * 3 * 5 * 7));
});
