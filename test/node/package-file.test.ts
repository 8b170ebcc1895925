/** Files of the package are found from its own folder. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { InputError } from "../../src/errors.ts";
import { builtFile, packageFile } from "../../src/node/package-file.ts";

it("finds the package's folder", () => {
  expect(JSON.parse(readFileSync(packageFile("package.json"), "utf8"))).toMatchObject({
    name: "webgpu-ascent",
  });
});

it("says what to do where something is not built", () => {
  const name = "node/no-such-file.js";
  expect(() => builtFile(name)).toThrow(InputError);
  expect(() => builtFile(name)).toThrow(`not built yet: ${packageFile(`dist/${name}`)}`);
});
