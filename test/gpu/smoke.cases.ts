/** The least that a WebGPU stack must do: compile, dispatch, read back. */
import type { GpuCase } from "../stacks/case.ts";

const DOUBLE = /* wgsl */ `
  @group(0) @binding(0) var<storage, read_write> values: array<f32>;
  @compute @workgroup_size(64) fn double(@builtin(global_invocation_id) id: vec3u) {
    if (id.x < arrayLength(&values)) { values[id.x] = 2.0 * values[id.x]; }
  }`;

export const cases: readonly GpuCase[] = [
  {
    name: "doubles numbers",
    async run(device) {
      const input = Float32Array.from({ length: 65 }, (_, i) => i - 0.5);
      const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
      const values = device.createBuffer({ size: input.byteLength, usage });
      const staging = device.createBuffer({
        size: input.byteLength,
        usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
      });
      device.queue.writeBuffer(values, 0, input);
      const module = device.createShaderModule({ code: DOUBLE });
      const pipeline = device.createComputePipeline({ layout: "auto", compute: { module } });
      const group = device.createBindGroup({
        layout: pipeline.getBindGroupLayout(0),
        entries: [{ binding: 0, resource: { buffer: values } }],
      });
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(2);
      pass.end();
      encoder.copyBufferToBuffer(values, 0, staging, 0, input.byteLength);
      device.queue.submit([encoder.finish()]);
      await staging.mapAsync(GPUMapMode.READ);
      const output = [...new Float32Array(staging.getMappedRange())];
      const wrong = output.findIndex((value, i) => value !== 2 * (i - 0.5));
      if (wrong >= 0) throw new Error(`values[${wrong}] is ${output[wrong]}, not ${2 * (wrong - 0.5)}`);
    },
  },
  {
    name: "reads files of the repository",
    async run(_device, assets) {
      const text = new TextDecoder().decode(await assets.read("package.json"));
      const { name } = JSON.parse(text) as { name: string };
      if (name !== "webgpu-ascent") throw new Error(`package.json says ${name}`);
    },
  },
];
