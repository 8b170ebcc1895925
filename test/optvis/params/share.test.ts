import { expect, it } from "vitest";
import { InputError } from "../../../src/errors.ts";
import { paramOf } from "../../../src/optvis/params/param.ts";
import { withShared } from "../../../src/optvis/params/share.ts";
import { askedMemory } from "../../support/memory.ts";

const images = { batch: 3, size: [6, 8], mean: [0, 0, 0] } as const;
const ends = { image: "u", gradient: "du" };

it("copies before the image is made, and adds up once the gradient is there", () => {
  const memory = askedMemory();
  const own = paramOf("fourier").plan(images, ends, memory);
  const shared = withShared({ param: "fourier", share: 2 }, images, own, memory);
  expect(shared.forward.map(({ kernel }) => kernel.name)[0]).toBe("share_forward");
  expect(shared.backward.map(({ kernel }) => kernel.name).at(-1)).toBe("share_backward");
  expect(shared.forward.slice(1)).toEqual(own.forward);
  expect(shared.backward.slice(0, -1)).toEqual(own.backward);
  expect(shared.backward.at(-1)?.buffers).toEqual({ mask: "share.mask", values: own.gradient });
  expect(memory.tables.get("share.mask")).toEqual(paramOf("fourier").coarse!(images.size, 2, 3));
});

it("leaves the passes as they are where nothing is shared", () => {
  const own = paramOf("pixel").plan(images, ends, askedMemory());
  expect(withShared({ param: "pixel", share: 0 }, images, own, askedMemory())).toBe(own);
});

it("refuses parameters without frequencies, and says which have some", () => {
  const own = paramOf("pixel").plan(images, ends, askedMemory());
  const refused = () => withShared({ param: "pixel", share: 2 }, images, own, askedMemory());
  expect(refused).toThrow(InputError);
  expect(refused).toThrow("pixel parameters have no frequencies");
  try {
    refused();
  } catch (error) {
    expect((error as InputError).remedy).toBe("leave it at 0, or use --param fourier, laplacian or maco");
  }
});
