/** What every variant promises, without a device. */
import { describe, expect, test } from "vitest";
import { ShaderError } from "../../../src/errors.ts";
import { bufferName, type Dispatch } from "../../../src/gpu/dispatch.ts";
import { rowTileCount, rowTiles } from "../../../src/nn/conv3x3/tiled.ts";
import { workspaceBuffers } from "../../../src/nn/conv3x3/variant.ts";
import { workgroupTiles } from "../../../src/nn/conv3x3/workgroup.ts";
import { type Correlation, convVariantNames, correlation, variantOf } from "../../../src/nn/conv3x3.ts";

const shape = {
  batch: 2,
  inputChannels: 5,
  inputHeight: 9,
  inputWidth: 17,
  outputChannels: 6,
  padding: 1,
} as const;

function passesOf(
  name: (typeof convVariantNames)[number],
  fused: { bits?: string; winners?: string },
): Dispatch[] {
  const variant = variantOf(name);
  const workspace = (pass: Correlation) =>
    Object.fromEntries(variant.workspace(pass).map((buffer) => [buffer.name, buffer.name]));
  const [forward, backward] = [correlation(shape, "forward"), correlation(shape, "backward_input")];
  return [
    ...variant.forward("forward", forward, {
      ...{ weights: "w", bias: "b", input: "x", output: "y", workspace: workspace(forward) },
      ...fused,
    }),
    ...variant.backwardInput("backward", backward, {
      ...{ weights: "w", input: "dy", output: "dx", workspace: workspace(backward) },
      mask: fused.winners === undefined ? fused.bits : undefined,
    }),
  ];
}

describe.each(convVariantNames)("%s", (name) => {
  const variant = variantOf(name);

  test("goes forward and backward, and computes a ReLU and a max-pool where it says so", () => {
    const written = (dispatches: readonly Dispatch[]) =>
      new Set(dispatches.flatMap(({ buffers }) => Object.values(buffers).map(bufferName)));
    expect([...written(passesOf(name, {}))]).toEqual(
      expect.arrayContaining(["x", "y", "dy", "dx", "w", "b"]),
    );
    if (variant.fusesRelu) expect(written(passesOf(name, { bits: "bits" }))).toContain("bits");
    if (variant.fusesPool)
      expect(written(passesOf(name, { bits: "bits", winners: "winners" }))).toContain("winners");
  });

  test("refuses to compute what it cannot, and to work without its workspace", () => {
    const pass = correlation(shape, "forward");
    const operands = { weights: "w", bias: "b", input: "x", output: "y" };
    if (!variant.fusesPool) {
      expect(() => passesOf(name, { bits: "bits", winners: "winners" })).toThrow(ShaderError);
    }
    if (!variant.fusesRelu) expect(() => passesOf(name, { bits: "bits" })).toThrow(ShaderError);
    if (variant.workspace(pass).length > 0) {
      expect(() => variant.forward("forward", pass, { ...operands, workspace: {} })).toThrow(ShaderError);
    }
  });

  test("names its kernels after itself", () => {
    const ending =
      name === "plain" ? /^conv3x3_(forward|backward_input)$/ : new RegExp(name.replace(/_.*/, ""));
    for (const { kernel } of passesOf(name, {})) {
      if (!kernel.name.startsWith("conv3x3_winograd_multiply")) expect(kernel.name).toMatch(ending);
    }
  });
});

test("a workspace is picked by name", () => {
  expect(workspaceBuffers({ a: "one", b: "two" }, ["b"])).toEqual({ b: "two" });
  expect(() => workspaceBuffers({ a: "one" }, ["a", "b"])).toThrow("conv3x3: the workspace has no buffer b");
});

test.each([
  [8, 1],
  [9, 2],
  [16, 2],
  [17, 3],
])("a row of %i pixels is %i tiles", (width, tiles) => {
  const pass = correlation({ ...shape, inputWidth: width }, "forward");
  expect(rowTileCount(pass)).toBe(9 * tiles);
  expect(rowTiles(pass, 4, 32)).toEqual([Math.ceil((9 * tiles) / 32), 2 * 2, 1]);
});

test("tiles in workgroup memory are twice as high from 512 workgroups on, but never with a pool", () => {
  const rows = (height: number, pooled: boolean) => {
    const square = {
      batch: 1,
      inputChannels: 64,
      inputHeight: height,
      inputWidth: 64,
      outputChannels: 256,
      padding: 1,
    } as const;
    return workgroupTiles(correlation(square, "forward"), pooled).overrides.ROWS;
  };
  // 8 groups of 32 channels by 8 tiles along a row: 8 rows of tiles are 512.
  expect([rows(56, false), rows(57, false), rows(64, false), rows(64, true)]).toEqual([8, 16, 16, 8]);
});
