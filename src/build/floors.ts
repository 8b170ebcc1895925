/**
 * The floors of the house, from the ground up: which rooms `src` has, what each knows, and what it may import.
 *
 * A room may import rooms on lower floors, its own files, and nothing on its own floor or above. It may use the packages
 * and the surroundings that are listed for it. Surroundings are handed up: who imports a room that needs files needs
 * files too. So the page cannot import `node`, though `node` is below it.
 *
 * `npm run lint` holds every file to this table, and the table of rooms in the papers is made from it.
 */
import { markdownTable } from "./papers.ts";

/** What a room finds around it: a page and its browser, or Node with its files and processes. */
export type Surroundings = "browser" | "node";

export interface Room {
  /** Folder or file under `src`. */
  readonly room: string;
  /** In a phrase. */
  readonly knows: string;
  readonly packages?: readonly string[];
  readonly surroundings?: readonly Surroundings[];
  /** What it may import from outside `src`: folders beside it. */
  readonly beside?: readonly string[];
}

/** Names that stand for their surroundings wherever they are not declared. */
const GLOBALS: Readonly<Record<Surroundings, readonly string[]>> = {
  browser: ["document", "window", "navigator", "localStorage", "sessionStorage", "location", "self"],
  node: ["process", "Buffer", "require", "global", "__dirname", "__filename"],
};

/** Rooms by floor, the ground first. */
export const FLOORS: readonly (readonly Room[])[] = [
  [{ room: "errors.ts", knows: "what may go wrong: an error says what is wrong and what to do" }],
  [{ room: "gpu", knows: "WebGPU: the device, kernels bound by name, dispatches as data, timing" }],
  [
    {
      room: "nn",
      knows: "layers: what each makes of shapes, and its passes forward and backward",
      beside: ["shaders"],
    },
  ],
  [
    {
      room: "model",
      knows: "networks: checkpoints, architectures, shapes, labels",
      packages: ["fflate", "pbf"],
    },
  ],
  [
    {
      room: "optvis",
      knows: "feature visualization: recipes, objectives, parameterizations, transforms, optimizers",
      beside: ["shaders", "weights"],
    },
  ],
  [
    {
      room: "engine/kernels",
      knows: "which kernels suit a device: variants, tuner, limits",
      beside: ["shaders"],
    },
  ],
  [{ room: "engine/plan", knows: "a plan: every dispatch of an iteration, as data", beside: ["shaders"] }],
  [{ room: "engine/run", knows: "an ascent: a plan made on a device and replayed", beside: ["shaders"] }],
  [{ room: "methods", knows: "what one can ask of a network, each question a module" }],
  [
    { room: "index.ts", knows: "what `webgpu-ascent` exports" },
    {
      room: "element",
      knows: "`<ascent-view>`, a picture that is optimised in a web page",
      packages: ["lit"],
      surroundings: ["browser"],
    },
    { room: "runtime", knows: "the worker that runs jobs, and what is said to it" },
  ],
  [
    {
      room: "runtime/browser-page.ts",
      knows: "the worker as a page of a browser",
      surroundings: ["browser"],
    },
    {
      room: "node",
      knows: "Node: Dawn, browsers that are driven from outside, files",
      packages: ["webgpu", "puppeteer", "env-paths"],
      surroundings: ["node"],
    },
  ],
  [
    {
      room: "page",
      knows: "the page that people see",
      packages: ["lit", "@awesome.me/webawesome", "idb-keyval", "uplot"],
      surroundings: ["browser"],
      beside: ["weights"],
    },
    {
      room: "cli",
      knows: "the command line",
      packages: ["commander", "cli-progress", "fast-png", "@jsquash/jpeg", "@jsquash/webp", "@jsquash/avif"],
      surroundings: ["node"],
    },
  ],
  [
    {
      room: "build",
      knows: "how the rest is built, checked and written about",
      packages: ["vite", "wgsl_reflect"],
      surroundings: ["node"],
    },
  ],
];

const ROOMS = FLOORS.flatMap((rooms, floor) => rooms.map((room) => ({ ...room, floor })));

/** The room of a file, `src/engine/plan/plan.ts`: the longest name that fits. Undefined where there is none. */
export function roomOf(path: string): (Room & { readonly floor: number }) | undefined {
  const fitting = ROOMS.filter(({ room }) => `${path}/`.startsWith(`src/${room}/`));
  return fitting.sort((a, b) => b.room.length - a.room.length)[0];
}

/** Why a file may not import another, both from the project's root; undefined where it may. */
export function importFault(from: string, to: string): string | undefined {
  const importer = roomOf(from);
  if (!importer) return `is in no room of src/build/floors.ts`;
  const outside = /^[^/]+/.exec(to)?.[0] ?? to;
  if (outside !== "src") {
    return importer.beside?.includes(outside)
      ? undefined
      : `${importer.room} may import nothing from ${outside}`;
  }
  const imported = roomOf(to);
  if (!imported) return `imports ${to}, which is in no room of src/build/floors.ts`;
  if (imported.room === importer.room) return undefined;
  if (imported.floor >= importer.floor)
    return `${importer.room} may not import ${imported.room}, which is not below it`;
  const missing = imported.surroundings?.find((one) => !importer.surroundings?.includes(one));
  return missing && `${importer.room} may not import ${imported.room}, which needs ${SURROUNDINGS[missing]}`;
}

const SURROUNDINGS: Readonly<Record<Surroundings, string>> = { browser: "a browser", node: "Node" };

/** Why a file may not import a package, `lit/decorators.js` or `node:fs`; undefined where it may. */
export function packageFault(from: string, specifier: string): string | undefined {
  const importer = roomOf(from);
  if (!importer) return `is in no room of src/build/floors.ts`;
  const name = /^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier;
  const allowed = name.startsWith("node:")
    ? importer.surroundings?.includes("node")
    : importer.packages?.includes(name);
  return allowed ? undefined : `${importer.room} may not import ${name}`;
}

/** Globals that a file may not use. */
export function deniedGlobals(from: string): readonly string[] {
  const { surroundings = [] } = roomOf(from) ?? {};
  return (Object.keys(GLOBALS) as Surroundings[]).flatMap((one) =>
    surroundings.includes(one) ? [] : GLOBALS[one],
  );
}

/** The table of the papers, the top floor first. */
export function floorsTable(): string {
  const rows = ROOMS.toReversed().map(({ room, floor, knows, packages = [], surroundings = [] }) => [
    String(floor),
    `\`${room}\``,
    knows,
    [...surroundings.map((one) => SURROUNDINGS[one]), ...packages.map((name) => `\`${name}\``)].join(", "),
  ]);
  return markdownTable(["floor", "room", "knows", "may use"], rows);
}
