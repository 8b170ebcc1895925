import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeSafetensors } from "../../src/model/safetensors.ts";
import fixtures from "../fixtures/pictures.json" with { type: "json" };
import { dist } from "../stacks/dist.ts";
import { ROOT } from "../stacks/environment.ts";
import { badInput } from "./bad-input.ts";
import { commandLine, numbers, run, writeSmallNetwork } from "./built.ts";

const { ascent, at, remove } = commandLine();

beforeAll(async () => {
  writeSmallNetwork(at("net.safetensors"));
  const net = readFileSync(at("net.safetensors"));
  writeFileSync(at("cut.safetensors"), net.subarray(0, net.length - 7));
  mkdirSync(at("empty"));
  mkdirSync(at("broken"));
  writeFileSync(at("broken/x.png"), "no picture");
  writeFileSync(at("string.json"), JSON.stringify(JSON.stringify({ objective: "class:0" })));
  writeFileSync(at("text.txt"), "no picture, no weights, no JSON\n");
  const png = fixtures.find(({ name }) => name === "png RGB")!.file;
  writeFileSync(at("cut.png"), Buffer.from(png, "base64").subarray(0, 60));
  const filter = { shape: [4, 3, 3, 3], data: numbers(108, 1) };
  const bias = { shape: [4], data: numbers(4, 2) };
  const tensors = { "features.0.weight": filter, "features.0.bias": bias };
  writeFileSync(at("plain.safetensors"), writeSafetensors(tensors));
  const integers = Buffer.from(writeSafetensors(tensors, { preprocess: "unit" }));
  integers.write("I32", integers.indexOf('F32"'));
  writeFileSync(at("integers.safetensors"), integers);
  const broken = { ...filter, data: filter.data.map((x, i) => (i === 50 ? Number.NaN : x)) };
  const metadata = { preprocess: "unit", padding: "1", layers: "conv" };
  const head = {
    "classifier.weight": { shape: [3, 4], data: numbers(12, 3) },
    "classifier.bias": { shape: [3], data: numbers(3, 4) },
  };
  writeFileSync(
    at("nan.safetensors"),
    writeSafetensors({ ...tensors, ...head, "features.0.weight": broken }, metadata),
  );
  writeFileSync(
    at("image.safetensors"),
    writeSafetensors({ image: { shape: [1, 3, 8, 8], data: numbers(192, 5) } }),
  );
  const hole = numbers(192, 5);
  hole[7] = Number.NaN;
  writeFileSync(at("hole.safetensors"), writeSafetensors({ image: { shape: [1, 3, 8, 8], data: hole } }));
  writeFileSync(
    at("two.safetensors"),
    writeSafetensors({ image: { shape: [2, 3, 8, 8], data: numbers(384, 5) } }),
  );
  writeFileSync(
    at("flat.safetensors"),
    writeSafetensors({ image: { shape: [3, 8, 8], data: numbers(192, 5) } }),
  );
}, 120_000);

afterAll(remove);

describe("bad input", () => {
  const cases = badInput(at).map(([words, says]) => ({ title: words.replaceAll(at(""), ""), words, says }));
  it.concurrent.each(cases)("ascent $title", async ({ words, says }) => {
    const { code, stdout, stderr } = await ascent(words.split(" "));
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(says);
    expect(stderr).toMatch(/^ascent: .*\n$/);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it("says what to install where there is no adapter", async () => {
    const words = `render --model ${at("net.safetensors")} --objective class:0 --size 16 --iterations 1 --out ${at("x.png")}`;
    const { code, stdout, stderr } = await ascent(words.split(" "), { VK_DRIVER_FILES: at("nowhere.json") });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^ascent: no WebGPU adapter.*install.*mesa-vulkan-drivers.*\n$/);
  });

  it.each([
    ["chromium", "CHROME_PATH"],
    ["firefox", "FIREFOX_PATH"],
  ])("says that %s is missing", async (runtime, name) => {
    const words = `render --model ${at("net.safetensors")} --objective class:0 --size 16 --iterations 1 --out ${at("x.png")}`;
    const { code, stderr } = await ascent([...words.split(" "), "--runtime", runtime], {
      [name]: at("nowhere"),
    });
    expect(code).toBe(2);
    expect(stderr).toMatch(new RegExp(`^ascent: no .*found.*${name}\\n$`));
  });
});

describe("help", () => {
  it("goes to stdout, with every command and flag of the contract", async () => {
    const overview = await ascent(["--help"]);
    expect(overview).toMatchObject({ code: 0, stderr: "" });
    for (const name of "info gradient render bench saliency guided smoothgrad integrated gradcam fool invert caricature dream grid examples atlas".split(
      " ",
    ))
      expect(overview.stdout).toContain(`\n  ${name} `);
    const { stdout, code } = await ascent(["render", "--help"]);
    expect(code).toBe(0);
    const flags =
      "model objective size iterations out init optimizer lr l2 blur blur-every decay blur-gradient clip-norm clip-contribution strength share alpha draw-size jitter coarse clamp redirect changes until seed json preprocess padding runtime recipe";
    for (const flag of flags.split(" ")) expect(stdout).toMatch(new RegExp(`^  --${flag}[ \\n]`, "m"));
    // Not a terminal: no colours.
    expect(stdout).not.toContain("\x1b");
  });

  it("marks what is required, and is had by `ascent help` too", async () => {
    const { stdout } = await ascent(["render", "--help"]);
    const entry = (flag: string) =>
      new RegExp(`^  ${flag}[ \\n](.*\\n(?!  -))*.*`, "m").exec(stdout)?.[0] ?? "";
    for (const flag of ["--model", "--out"]) expect(entry(flag)).toContain("(required)");
    expect(entry("--objective")).toContain("(required, but for a --recipe");
    for (const flag of ["--lr", "--seed"]) expect(entry(flag)).not.toContain("required");
    expect(await ascent(["help", "render"])).toEqual({ code: 0, stdout, stderr: "" });
    expect((await ascent(["help"])).stdout).toBe((await ascent(["--help"])).stdout);
  });

  it("says what holds where a flag is left out: of plain ascent, or of the recipe that an atlas begins with", async () => {
    const helpOf = async (command: string): Promise<Record<string, string>> => {
      const { stdout } = await ascent([command, "--help"]);
      const flags = stdout.split(/^ {2}--(?=[a-z])/m).slice(1);
      return Object.fromEntries(
        flags.map((text) => [
          text.split(/[ \n]/, 1)[0],
          / \(default: (.*?)\)/.exec(text.replace(/\s+/g, " "))?.[1] ?? "",
        ]),
      );
    };
    expect(await helpOf("render")).toMatchObject({
      ...{
        iterations: "the recipe's; required without one",
        recipe: "",
        blur: "0, none",
        transforms: "none",
        clamp: "no",
        lr: "0.05",
      },
      ...{ optimizer: "rms", param: "pixel", redirect: "on", runtime: "dawn", "no-clamp": "" },
    });
    const byRecipe =
      "param transforms blur blur-every lr l2 decay jitter coarse clamp standardize redirect strength";
    expect(await helpOf("atlas")).toMatchObject({
      ...Object.fromEntries(byRecipe.split(" ").map((flag) => [flag, "the recipe's"])),
      ...{ size: "64", recipe: "default", seed: "0", batch: "16", shard: "0/1", runtime: "dawn" },
      ...{ iterations: "the recipe's; of the default one 128, for classes 192", "no-clamp": "" },
    });
  });

  it("greets whoever says nothing", async () => {
    expect((await ascent([])).stdout).toBe((await ascent(["--help"])).stdout);
  });

  it.skipIf(!existsSync(join(ROOT, "dist/node/cli.js")))(
    "works through npm, which adds nothing",
    async () => {
      const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string };
      const { code, stdout } = await run("npm", ["run", "--silent", "ascent", "--", "--version"]);
      expect({ code, stdout }).toEqual({ code: 0, stdout: `${version}\n` });
    },
  );
});

it("says once what it takes for granted, also where a direction comes from a file", async () => {
  const told = `ascent: ${at("plain.safetensors")}: assumed ReLUs, no pools, padding 1\n`;
  const model = ["--model", at("plain.safetensors"), "--preprocess", "unit"];
  expect(await ascent(["info", ...model])).toMatchObject({ code: 0, stderr: told });
  writeFileSync(at("direction.json"), "[1, 0, 0, 2]");
  const objective = `direction:conv1_1:@${at("direction.json")}`;
  const words = [
    "--image",
    at("image.safetensors"),
    "--out",
    at("told.safetensors"),
    "--objective",
    objective,
  ];
  expect(await ascent(["gradient", ...model, ...words])).toMatchObject({ code: 0, stderr: told });
});

describe("info", () => {
  it("lists layers, shapes, parameters, receptive fields and classes as one line of JSON", async () => {
    const { code, stdout, stderr } = await ascent([
      "info",
      "--model",
      at("net.safetensors"),
      "--size",
      "9x14",
      "--json",
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout.trimEnd()).not.toContain("\n");
    const info = JSON.parse(stdout);
    const layers = info.layers.map((one: Record<string, unknown>) => [
      one["name"],
      one["shape"],
      one["parameters"],
      one["receptiveField"],
    ]);
    // By hand: 9×14 pools to 4×7; a 3×3 convolution has 9·in·out + out parameters, and sees 2·stride more.
    expect(layers).toEqual([
      ["conv1_1", [4, 9, 14], 112, 3],
      ["relu1_1", [4, 9, 14], 0, 3],
      ["pool1", [4, 4, 7], 0, 4],
      ["conv2_1", [6, 4, 7], 222, 8],
      ["relu2_1", [6, 4, 7], 0, 8],
      ["conv2_2", [5, 4, 7], 275, 12],
      ["relu2_2", [5, 4, 7], 0, 12],
      ["pool2", [5, 2, 3], 0, 14],
      ["avgpool", [5, 1, 1], 0, null],
      ["logits", [3, 1, 1], 18, null],
    ]);
    expect(info).toMatchObject({ preprocess: "imagenet", size: [9, 14], parameters: 627 });
    expect(info.classes).toEqual(["cat", "red panda", "sports car"]);
  });

  it.skipIf(!existsSync("/dev/full"))("says in one line that it cannot print", async () => {
    const words = `"${process.execPath}" "${dist("node/cli.js")}" info --model "${at("net.safetensors")}" > /dev/full`;
    const { code, stderr } = await run("sh", ["-c", words]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^ascent: cannot print: .*no space.*\n$/);
  });

  it("is a table for people", async () => {
    const { stdout } = await ascent(["info", "--model", at("net.safetensors"), "--size", "16"]);
    expect(stdout).toMatch(/^conv2_1 +6×8×8 +222 +8$/m);
    expect(stdout).toContain("3 classes: cat, red panda, sports car");
  });

  it("reads from where npm was called", async () => {
    const env = { INIT_CWD: at("."), npm_lifecycle_event: "ascent" };
    expect(await ascent(["info", "--model", "net.safetensors"], env)).toMatchObject({ code: 0 });
  });
});
