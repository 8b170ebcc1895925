import { expect, test } from "vitest";
import { InputError } from "../../src/errors.ts";
import { parseClassNames } from "../../src/model/class-files.ts";
import { openModel } from "../../src/model/model.ts";
import { writeSafetensors } from "../../src/model/safetensors.ts";
import { bytesSource } from "../../src/model/source.ts";
import { featureShapes, fill, withLinear } from "./checkpoints.ts";

const NAMES = ["tench", "gold fish", "shark"];

test.each([
  ["lines", "tench\r\ngold fish\r\nshark\r\n"],
  ["a list", JSON.stringify(NAMES)],
  ["numbers to names", '{"0": "tench", "2": "shark", "1": "gold fish"}'],
  ["ImageNet's pairs", '{"0": ["n1", "tench"], "1": ["n2", "gold fish"], "2": ["n3", "shark"]}'],
  ["names to numbers", '{"shark": 2, "tench": 0, "gold fish": 1}'],
  ["id2label", '{"model": "x", "id2label": {"0": "tench", "1": "gold fish", "2": "shark"}}'],
  ["class_to_idx", '{"class_to_idx": {"tench": 0, "gold fish": 1, "shark": 2}}'],
])("%s", (_, text) => {
  expect(parseClassNames("file", text)).toEqual(NAMES);
});

test.each(["", '["a", 3]', '{"0": "a", "2": "b"}', '["a"', "a\n\nb", '{"__proto__": 1}'])(
  "%j is none",
  (text) => {
    expect(() => parseClassNames("file", text)).toThrow(InputError);
    expect(() => parseClassNames("file", text)).toThrow(/^file: expected names of classes/);
  },
);

const WEIGHTS = writeSafetensors(fill(withLinear(featureShapes([2]), "classifier", [3, 2])));

function openBeside(files: Readonly<Record<string, string>>, name = "net.safetensors", options = {}) {
  const asked: string[] = [];
  const beside = async (file: string) => {
    asked.push(file);
    const text = files[file];
    return text === undefined ? undefined : bytesSource(file, new TextEncoder().encode(text));
  };
  const model = openModel(bytesSource(name, WEIGHTS), { preprocess: "unit", beside, ...options });
  return { asked, model };
}

test("a file beside the weights names the classes, the weights' own before any, and it is told", async () => {
  const model = await openBeside({ "classes.txt": "a\nb\nc", "net.labels.json": JSON.stringify(NAMES) })
    .model;
  expect(model.network.classes).toEqual(NAMES);
  expect(model.assumptions.join()).toContain("classes are called as net.labels.json beside it says");
});

test("one of another length is told with both numbers, and classes stay numbered", async () => {
  const model = await openBeside({ "labels.txt": "a\nb" }).model;
  expect(model.network.classes).toEqual([]);
  expect(model.assumptions.join()).toContain("labels.txt beside it names 2 classes, and the network has 3");
});

test("names that are given go first, and nothing is looked for at an address", async () => {
  const given = openBeside({ "classes.txt": "a\nb\nc" }, "net.safetensors", { classes: NAMES });
  expect((await given.model).network.classes).toEqual(NAMES);
  expect(given.asked).toEqual([]);
  const remote = openBeside({ "classes.txt": "a\nb\nc" }, "https://a.example/net.safetensors");
  expect((await remote.model).network.classes).toEqual([]);
  expect(remote.asked).toEqual([]);
});
