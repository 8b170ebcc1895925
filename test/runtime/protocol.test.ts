import { expect, it } from "vitest";
import type { Job } from "../../src/methods/job.ts";
import { defaultRecipe } from "../../src/optvis/recipe.ts";
import { packJob, packTensors, unpackJob, unpackTensors } from "../../src/runtime/protocol.ts";

const image = { shape: [1, 3, 1, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) };
const numbers = Float32Array.of(7, 8, 9);

const jobs: readonly Job[] = [
  { method: "saliency", options: { objective: "class:0", image } },
  { method: "gradient", options: { objective: "class:0", image, target: numbers } },
  { method: "render", options: { recipe: defaultRecipe, photo: numbers, target: image.data, until: 0.1 } },
  { method: "bench", options: { recipe: defaultRecipe, profile: true } },
];

/** As it goes to a page: JSON, and a file of tensors. */
async function sent(job: Job): Promise<Job> {
  const packed = packJob(job);
  const tensors = await unpackTensors(packTensors(packed.tensors));
  return unpackJob(JSON.parse(JSON.stringify(packed.job)) as Job, tensors);
}

it.each(jobs.map((job) => [job.method, job] as const))("a job of %s arrives as it was", async (_, job) => {
  const { method, options } = await sent(job);
  expect(method).toBe(job.method);
  for (const [name, value] of Object.entries(job.options))
    expect((options as Record<string, unknown>)[name], name).toMatchObject(value as object);
  expect(Object.keys(options).sort()).toEqual(Object.keys(job.options).sort());
});

it("tensors travel beside the job, wherever they stand in it", () => {
  const nested = { parts: [{ image }, { numbers }], size: [1, 2] };
  const packed = packJob({ method: "info", options: nested } as unknown as Job);
  expect(Object.keys(packed.tensors)).toEqual(["parts.0.image", "parts.1.numbers"]);
  expect(JSON.stringify(packed.job)).not.toContain("data");
  expect(unpackJob(packed.job, packed.tensors).options).toEqual(nested);
});
