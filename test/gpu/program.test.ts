/** Programs are plain data: each dispatch and each kernel once, and what they read by name. */
import { expect, test } from "vitest";
import { relu_forward } from "../../shaders/relu.wgsl";
import { type Dispatch, dispatch } from "../../src/gpu/dispatch.ts";
import { dispatchesAt, everyDispatch, neededBuffers, programOf, Recording } from "../../src/gpu/program.ts";

function relu(label: string, input: string): Dispatch {
  return dispatch(relu_forward, {
    label,
    buffers: { input, output: "y", bits: { buffer: "bits", offset: 256, size: 4 } },
    uniform: { count: 3 } as never,
    workgroups: [1, 1, 1],
  });
}

test("a dispatch that is recorded again keeps its place, an equal one gets its own", () => {
  const [one, other] = [relu("one", "x"), relu("one", "x")];
  const recording = new Recording();
  expect(recording.record([one, other, one])).toEqual([0, 1, 0]);
  expect(recording.record([other])).toEqual([1]);
  expect(recording.program().dispatches).toHaveLength(2);
});

test("dispatches name their kernel, and come back with it, from JSON too", () => {
  const [one, other] = [relu("one", "x"), relu("other", "z")];
  const program = programOf([one, other], [{ name: "x", bytes: 12 }]);
  expect(Object.keys(program.kernels)).toEqual(["relu_forward"]);
  expect(program.dispatches.map(({ kernel }) => kernel)).toEqual(["relu_forward", "relu_forward"]);
  const back = JSON.parse(JSON.stringify(program)) as typeof program;
  expect(back).toEqual(program);
  expect(dispatchesAt(back, everyDispatch(back))).toEqual([one, other]);
});

test("what a sequence needs are the buffers of its dispatches, whole or in part", () => {
  const program = programOf([relu("one", "x"), relu("other", "z")], []);
  expect([...neededBuffers(program, [0])].sort()).toEqual(["bits", "x", "y"]);
  expect([...neededBuffers(program, [0, 1])].sort()).toEqual(["bits", "x", "y", "z"]);
  expect(neededBuffers(program, [])).toEqual(new Set());
});
