/** What the parts of a plan ask for becomes one program: a name is one buffer, a packing is made once. */
import { expect, test } from "vitest";
import { relu_forward } from "../../../shaders/relu.wgsl";
import { Allocation, bytesByRole } from "../../../src/engine/plan/memory.ts";
import { dispatch } from "../../../src/gpu/dispatch.ts";

const pack = () =>
  dispatch(relu_forward, {
    ...{ label: "pack", workgroups: [1, 1, 1] as const },
    buffers: { input: "raw", output: "packed", bits: "bits" },
    uniform: { count: 1 } as never,
  });

test("a name that is asked for again grows to the largest request", () => {
  const memory = new Allocation();
  for (const bytes of [8, 16, 4]) expect(memory.buffer("x", "image", bytes)).toBe("x");
  expect(memory.program().buffers).toEqual([{ name: "x", role: "image", bytes: 16, temporary: false }]);
});

test("weights are temporary until somebody asks for them to last", () => {
  const memory = new Allocation();
  memory.temporary("raw", 8);
  expect(bytesByRole(memory.program().buffers)).toEqual({});
  memory.buffer("raw", "weights", 8);
  memory.temporary("raw", 8);
  expect(bytesByRole(memory.program().buffers)).toEqual({ weights: 8 });
});

test("a table is numbers, and a buffer for them", () => {
  const memory = new Allocation();
  memory.table("gains", Float32Array.of(1, -0.5));
  const { buffers, tables } = memory.program();
  expect(tables).toEqual([{ buffer: "gains", data: [1, -0.5] }]);
  expect(buffers).toEqual([{ name: "gains", role: "workspace", bytes: 8, temporary: false }]);
});

test("weights are packed once, however many dispatches read them", () => {
  const memory = new Allocation();
  for (let i = 0; i < 2; i++) memory.prepare("packed", [pack()]);
  expect(memory.packings()).toEqual([{ buffer: "packed", dispatches: [0] }]);
  expect(memory.program().dispatches).toHaveLength(1);
});
