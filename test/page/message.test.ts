import { expect, test } from "vitest";
import { sentence } from "../../src/page/message.ts";

test("a message becomes a sentence, and names keep their case", () => {
  expect(sentence("objective expects a layer")).toBe("Objective expects a layer.");
  expect(sentence("size: too large")).toBe("Size: too large.");
  expect(sentence("conv3_1: weights expect (2), got (3)")).toBe("conv3_1: weights expect (2), got (3).");
  expect(sentence("vgg16.safetensors: is empty")).toBe("vgg16.safetensors: is empty.");
  expect(sentence("https://a.example/b: is empty")).toBe("https://a.example/b: is empty.");
  expect(sentence("Is it?")).toBe("Is it?");
  expect(sentence("")).toBe(".");
});
