import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { floorFaults, treeFaults } from "../../src/build/check-floors.ts";
import { FLOORS, floorsTable, importFault, roomOf } from "../../src/build/floors.ts";
import { ROOT } from "../stacks/environment.ts";

/** File, text of it. */
type Sample = readonly [path: string, text: string];

const RUN = "src/engine/run/ascent.ts";

describe("lint lets through", () => {
  const allowed: readonly Sample[] = [
    ["src/gpu/kernel.ts", 'import { ShaderError } from "../errors.ts";'],
    ["src/gpu/kernel.ts", 'import { a } from "./dispatch.ts"; export * from "./../gpu/timing.ts";'],
    ["src/nn/conv3x3/half.ts", 'import { x } from "../../../shaders/conv3x3_half.wgsl";'],
    ["src/nn/conv3x3.ts", 'import { x } from "./conv3x3/plain.ts";'],
    ["src/nn/conv3x3/plain.ts", 'import { x } from "../maxpool.ts";'],
    ["src/optvis/params/magnitude.ts", 'import x from "../../../weights/x.json"; import "../recipe.ts";'],
    ["src/engine/plan/plan.ts", 'import { x } from "../kernels/tuner.ts";'],
    [RUN, 'import { x } from "../plan/plan.ts"; type T = import("../kernels/tuner.ts").T;'],
    [RUN, "export const f = (window: number, { document }: D) => window + document;"],
    [RUN, "export const f = () => globalThis.fetch(view.window.document) + globalThis['crypto'];"],
    [RUN, "// document, window\nexport const text = 'navigator';"],
    [RUN, "const location = 1; export function process() { return location; } process();"],
    ["src/methods/render.ts", 'const { x } = await import("../engine/run/ascent.ts");'],
    ["src/element/ascent-view.ts", 'import { css } from "lit"; import "lit/decorators.js"; document.title;'],
    ["src/runtime/browser-page.ts", 'import "./worker.ts"; navigator.gpu;'],
    ["src/page/main.ts", 'import "../element/x.ts"; import url from "../../weights/x.safetensors?url";'],
    ["src/page/main.ts", 'import switches from "@awesome.me/webawesome/dist/x.js"; window.alert();'],
    [
      "src/node/dawn.ts",
      'import fs from "node:fs"; import("webgpu"); Object.assign(globalThis, process.env);',
    ],
    [
      "src/cli/cli.ts",
      'import { x } from "../node/files.ts"; import { Command } from "commander"; process.exit();',
    ],
    [
      "src/build/wgsl.ts",
      'import "vite"; import type { K } from "../gpu/kernel.ts"; import "../cli/flags.ts";',
    ],
  ];

  it.each(allowed)("%s: %s", async (path, text) => {
    expect(await floorFaults(path, text)).toEqual([]);
  });
});

describe("lint refuses", () => {
  const refused: readonly (readonly [...Sample, fault: string])[] = [
    [
      "src/gpu/kernel.ts",
      'import { x } from "../model/model.ts";',
      "gpu may not import model, which is not below",
    ],
    ["src/gpu/kernel.ts", 'import { x } from "./../model/model.ts";', "gpu may not import model"],
    ["src/gpu/kernel.ts", 'import { x } from "./../../src/model/model.ts";', "gpu may not import model"],
    ["src/gpu/kernel.ts", 'import type { x } from "../model/model.ts";', "gpu may not import model"],
    ["src/gpu/kernel.ts", 'let x: import("../model/model.ts").Model;', "gpu may not import model"],
    ["src/gpu/kernel.ts", 'export const x = import("../model/model.ts");', "gpu may not import model"],
    ["src/gpu/kernel.ts", "export const x = import(`../model/model.ts`);", "gpu may not import model"],
    ["src/gpu/kernel.ts", "export const x = (name: string) => import(name);", "not written out"],
    ["src/gpu/kernel.ts", 'export { x } from "../model/model.ts";', "gpu may not import model"],
    ["src/gpu/kernel.ts", 'export * from "../model/model.ts";', "gpu may not import model"],
    ["src/gpu/kernel.ts", 'export type * from "../model/model.ts";', "gpu may not import model"],
    ["src/gpu/kernel.ts", 'import fs = require("node:fs");', "gpu may not import node:fs"],
    [
      "src/gpu/kernel.ts",
      'import { x } from "../../shaders/clip.wgsl";',
      "gpu may import nothing from shaders",
    ],
    ["src/gpu/kernel.ts", 'import { x } from "../../../elsewhere.ts";', "outside the project"],
    ["src/gpu/kernel.ts", 'import { x } from "/src/errors.ts";', "from the root"],
    ["src/gpu/kernel.ts", 'import { x } from "../somewhere/new.ts";', "in no room"],
    ["src/somewhere/new.ts", "export const x = 1;", "in no room"],
    ["src/errors.ts", 'import { x } from "./gpu/device.ts";', "errors.ts may not import gpu"],
    [
      "src/engine/plan/plan.ts",
      'import { x } from "../run/ascent.ts";',
      "engine/plan may not import engine/run",
    ],
    ["src/engine/kernels/tuner.ts", 'import { x } from "../plan/plan.ts";', "may not import engine/plan"],
    [RUN, 'import { x } from "../../methods/render.ts";', "engine/run may not import methods"],
    [RUN, 'import { html } from "lit";', "engine/run may not import lit"],
    [RUN, 'import sharp from "sharp";', "engine/run may not import sharp"],
    [RUN, 'import { x } from "node:fs";', "engine/run may not import node:fs"],
    [RUN, 'import { x } from "fs";', "engine/run may not import fs"],
    [RUN, "export const x = document.title;", "engine/run may not use document"],
    [RUN, "export const x = globalThis.document;", "engine/run may not use document"],
    [RUN, 'export const x = globalThis["document"];', "engine/run may not use document"],
    [RUN, "export const x = globalThis?.navigator?.gpu;", "engine/run may not use navigator"],
    [RUN, "const { localStorage } = globalThis;", "takes globalThis as a whole"],
    [RUN, "export const x = typeof window;", "engine/run may not use window"],
    [RUN, "export const f = (window: D) => window; export const x = window;", "may not use window"],
    [RUN, "export const x = process.env;", "engine/run may not use process"],
    [RUN, "export const x = Buffer.from([]);", "engine/run may not use Buffer"],
    [RUN, "export const x = self.crypto;", "engine/run may not use self"],
    ["src/methods/render.ts", 'import { x } from "../cli/flags.ts";', "methods may not import cli"],
    ["src/index.ts", 'export { x } from "./element/ascent-view.ts";', "index.ts may not import element"],
    ["src/element/ascent-view.ts", 'import "../runtime/worker.ts";', "element may not import runtime"],
    ["src/element/ascent-view.ts", "export const x = process.env;", "element may not use process"],
    ["src/runtime/worker.ts", "export const x = navigator.gpu;", "runtime may not use navigator"],
    ["src/runtime/worker.ts", 'import "./browser-page.ts";', "may not import runtime/browser-page.ts"],
    ["src/node/files.ts", "export const x = document;", "node may not use document"],
    [
      "src/node/files.ts",
      'import "../element/ascent-view.ts";',
      "may not import element, which needs a browser",
    ],
    ["src/page/main.ts", 'import "../node/files.ts";', "page may not import node, which needs Node"],
    ["src/page/main.ts", 'import "../cli/flags.ts";', "page may not import cli"],
    ["src/page/main.ts", 'import { x } from "node:path";', "page may not import node:path"],
    ["src/page/main.ts", 'import { Command } from "commander";', "page may not import commander"],
    [
      "src/cli/cli.ts",
      'import "../element/ascent-view.ts";',
      "cli may not import element, which needs a browser",
    ],
    ["src/cli/cli.ts", 'import "../build/wgsl.ts";', "cli may not import build"],
  ];

  it.each(refused)("%s: %s", async (path, text, fault) => {
    const faults = await floorFaults(path, text);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(fault);
  });

  it("by file and line", async () => {
    const text = '// document\nimport "lit";\n\nexport const x = document;\n';
    expect(await floorFaults(RUN, text)).toEqual([
      `${RUN}:2: engine/run may not import lit`,
      `${RUN}:4: engine/run may not use document`,
    ]);
  });

  it("what cannot be read", async () => {
    expect((await floorFaults(RUN, "import {"))[0]).toContain(RUN);
  });
});

describe("the floors", () => {
  const rooms = FLOORS.flat().map(({ room }) => room);

  it("have every file under src in a room, and no room without one", () => {
    const files = readdirSync(join(ROOT, "src"), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
      .map(({ parentPath, name }) => join(parentPath, name).slice(ROOT.length).replace(/^\//, ""));
    const used = new Set(files.map((path) => roomOf(path)?.room));
    expect([...used].sort()).toEqual([...rooms].sort());
  });

  it("are named once", () => {
    expect(new Set(rooms).size).toBe(rooms.length);
  });

  it("let each room import each room of a lower floor that needs no more than it has, and no other", () => {
    const fileOf = (room: string) => (room.endsWith(".ts") ? `src/${room}` : `src/${room}/file.ts`);
    for (const [floor, importers] of FLOORS.entries()) {
      for (const [below, imported] of FLOORS.entries()) {
        for (const one of importers) {
          for (const other of imported) {
            if (one === other) continue;
            const needs = other.surroundings ?? [];
            const may = below < floor && needs.every((need) => one.surroundings?.includes(need));
            expect([
              one.room,
              other.room,
              importFault(fileOf(one.room), fileOf(other.room)) === undefined,
            ]).toEqual([one.room, other.room, may]);
          }
        }
      }
    }
  });

  it("are what every file of the project keeps to", async () => {
    expect(await treeFaults(ROOT)).toEqual([]);
  });

  it("are a table for the papers, a row a room", () => {
    const lines = floorsTable().split("\n");
    expect(lines).toHaveLength(rooms.length + 2);
    expect(lines.at(-1)).toContain("| 0 | `errors.ts` |");
  });
});
