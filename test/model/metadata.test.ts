import { expect, test } from "vitest";
import { InputError, WeightsError } from "../../src/errors.ts";
import { classNames, metadataFlag, metadataPreprocess, metadataReading } from "../../src/model/metadata.ts";
import { QuestionError } from "../../src/model/question.ts";

test("padding, layers and ε are read, or not said", () => {
  expect(metadataReading({ arch: "vgg" })).toEqual({});
  const all = { padding: "0", layers: "conv", epsilon: "1e-3" };
  expect(metadataReading(all)).toEqual({ padding: 0, layers: "conv", epsilon: 0.001 });
  for (const padding of ["", "2", "same", " 1"])
    expect(() => metadataReading({ padding })).toThrow(WeightsError);
  for (const epsilon of ["", "small", "-1", "2"])
    expect(() => metadataReading({ epsilon })).toThrow(/^metadata epsilon: expected a number from 0 to 1/);
});

test("a flag is true, false or not said", () => {
  expect(metadataFlag({}, "pool_last")).toBeUndefined();
  expect(metadataFlag({ pool_last: "true" }, "pool_last")).toBe(true);
  expect(metadataFlag({ pool_last: "false" }, "pool_last")).toBe(false);
  expect(() => metadataFlag({ pool_last: "no" }, "pool_last")).toThrow(
    'metadata pool_last expects "true" or "false", got "no"',
  );
});

test("names of classes are a JSON array or separated by commas", () => {
  expect(classNames({ classes: '["tench, a fish", "dog"]' }, 2)).toEqual(["tench, a fish", "dog"]);
  expect(classNames({ classes: "tench , dog" }, 2)).toEqual(["tench", "dog"]);
  expect(classNames({ classes: "tench,dog" }, undefined)).toEqual([]);
  expect(classNames({}, 2)).toEqual([]);
});

test.each([
  ["tench", "expects 2 names, one per output of logits, got 1"],
  ["[1, 2]", "expects a JSON array of texts or comma-separated names"],
  ['["tench", "dog"', "expects a JSON array of texts or comma-separated names"],
])("classes %s: %s", (classes, message) => {
  expect(() => classNames({ classes }, 2)).toThrow(WeightsError);
  expect(() => classNames({ classes }, 2)).toThrow(message);
});

test.each([
  ["BGR, 0-255", "is caffe"],
  ["mean 0.485, std 0.229", "is imagenet"],
  ["RGB in 0..1", "is unit"],
])("preprocessing %s is not guessed, but the remedy says that it %s", (preprocess, hint) => {
  const read = () => metadataPreprocess("a file", { preprocess }, { name: "", colours: 3 });
  expect(read).toThrow(InputError);
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(QuestionError);
    expect((error as QuestionError).remedy).toContain(hint);
    expect((error as QuestionError).question.answers[0]?.value).toBe(hint.replace("is ", ""));
  }
});

test("nothing said of preprocessing is a question, with the likeliest answer first", () => {
  const answers = (metadata: Record<string, string>, network = "", colours: 1 | 3 = 3): string[] => {
    try {
      metadataPreprocess("a file", metadata, { name: network, colours });
    } catch (error) {
      if (error instanceof QuestionError) return error.question.answers.map(({ value }) => value);
    }
    throw new Error("expected a question");
  };
  expect(answers({})).toEqual(["unit", "range=-1..1", "imagenet", "caffe"]);
  expect(answers({}, "VGG-16 to conv3_3")).toEqual(["imagenet", "caffe", "unit", "range=-1..1"]);
  expect(answers({}, "VGG-style, 4 convolutions")[0]).toBe("unit");
  // Of one channel: what is said of three is no answer.
  expect(answers({}, "", 1)).toEqual(["unit", "range=-1..1", "range=0..255", "mean=0.1307;std=0.3081"]);
  expect(answers({ preprocess: "imagenet" }, "", 1)[0]).toBe("unit");
  expect(answers({ preprocess: "mean=0.485;std=0.229" })[0]).toBe("imagenet");
  // Half of it is not enough.
  expect(answers({ mean: "0.5,0.5,0.5" })[0]).toBe("unit");
});
