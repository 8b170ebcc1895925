/** The page: everybody in turn, A B A B, on one piece of work in one browser run. */
import { measureMatmul, requestGpu } from "webgpu-ascent";
import { medianOverRms, relativeL2 } from "../../support/error.ts";
import type { Cell, ContenderName, ContenderOutcome, Outcome } from "./outcome.ts";
import { type Contender, type Create, makeWork, type Work } from "./work.ts";

const creators: Readonly<Record<ContenderName, () => Promise<Create>>> = {
  ascent: async () => (await import("./ascent.ts")).createFrom(await import("webgpu-ascent")),
  before: async () => (await import("./ascent.ts")).createFrom(await import("webgpu-ascent-before")),
  tfjs: async () => (await import("./tfjs.ts")).create,
  jax: async () => (await import("./jax.ts")).create,
  ort: async () => (await import("./ort.ts")).createWebgpu,
  "ort-wasm": async () => (await import("./ort.ts")).createWasm,
};

interface Entrant {
  readonly name: ContenderName;
  readonly contender: Contender;
  readonly firstSeconds: number;
  readonly gradient: Float32Array;
  readonly iterations: number;
  readonly times: number[];
}

async function measure(cell: Cell): Promise<Outcome> {
  const work = await makeWork(cell.size, cell.target);
  const gpu = await requestGpu(navigator.gpu);
  const entrants: Entrant[] = [];
  const failures: { name: ContenderName; message: string }[] = [];
  for (const name of cell.contenders) {
    try {
      entrants.push(await enter(name, work, cell.blockSeconds));
    } catch (error) {
      failures.push({ name, message: error instanceof Error ? error.message : String(error) });
    }
  }
  const matmulGflops = [await measureMatmul(gpu, 1000)];
  for (let round = 0; round < cell.rounds; round++) {
    for (const { name, contender, iterations, times } of entrants) {
      const seconds = await timed(() => contender.iterate(iterations));
      times.push(seconds / iterations);
      console.log(`${name}: ${(iterations / seconds).toPrecision(3)} iterations/s`);
    }
    matmulGflops.push(await measureMatmul(gpu, 1000));
  }
  const reference = await referenceGradient(cell, entrants);
  return {
    adapter: gpu.adapterName,
    userAgent: navigator.userAgent,
    flops: work.flops,
    matmulGflops,
    reference: reference.name,
    contenders: entrants.map((entrant) => outcomeOf(entrant, reference.gradient)),
    failures,
  };
}

/** Sets up, makes the first picture, and finds how many iterations a turn takes. */
async function enter(name: ContenderName, work: Work, blockSeconds: number): Promise<Entrant> {
  const create = await creators[name]();
  let contender: Contender | undefined;
  const firstSeconds = await timed(async () => {
    contender = await create(work);
    await contender.iterate(1);
  });
  const ready = contender as unknown as Contender;
  console.log(`${name}: first picture after ${firstSeconds.toPrecision(3)} s`);
  const gradient = await ready.gradient();
  // Untimed: whoever compiles for later iterations does it here.
  await ready.iterate(2);
  const one = await timed(() => ready.iterate(1));
  const several = Math.max(1, Math.ceil(Math.min(1, blockSeconds) / one));
  const seconds = several > 1 ? (await timed(() => ready.iterate(several))) / several : one;
  const iterations = Math.max(1, Math.ceil(blockSeconds / seconds));
  return { name, contender: ready, firstSeconds, gradient, iterations, times: [] };
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

/** PyTorch's in float64 where the server has it, else the first peer's. */
async function referenceGradient(cell: Cell, entrants: readonly Entrant[]) {
  const response = await fetch("/reference.bin");
  if (response.ok)
    return { name: "PyTorch float64", gradient: new Float32Array(await response.arrayBuffer()) };
  const peer = entrants.find(({ name }) => name !== "ascent" && name !== "before") ?? entrants[0];
  if (!peer) throw new Error(`nobody of ${cell.contenders.join(", ")} could do the work`);
  return { name: peer.name, gradient: peer.gradient };
}

function outcomeOf(entrant: Entrant, reference: Float32Array): ContenderOutcome {
  const { name, contender, firstSeconds, gradient, iterations, times } = entrant;
  return {
    name,
    version: contender.version,
    firstSeconds,
    iterations,
    secondsPerIteration: times,
    relativeL2: relativeL2(gradient, reference),
    medianError: medianOverRms(gradient, reference),
  };
}

declare global {
  interface Window {
    outcome?: Outcome | { readonly error: string };
  }
}

const cell = JSON.parse(new URLSearchParams(location.search).get("cell") ?? "") as Cell;
measure(cell).then(
  (outcome) => {
    window.outcome = outcome;
  },
  (error: unknown) => {
    window.outcome = { error: error instanceof Error ? `${error.message}\n${error.stack}` : String(error) };
  },
);
