/** Networks by address, as the command line is built. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { knownNetworks } from "../../src/model/known-networks.ts";
import { checkpoint, featureShapes, timmHead, vggConfiguration } from "../model/checkpoints.ts";
import { dist } from "../stacks/dist.ts";
import { stackEnvironment, wantedStacks } from "../stacks/environment.ts";
import {
  ranged,
  requestedRange,
  site,
  startWebServer,
  type WebServer,
  whole,
} from "../support/web-server.ts";
import { type BuiltCommandLine, commandLine, writeSmallNetwork } from "./built.ts";

/** It says no classes. */
const nameless = checkpoint(timmHead(featureShapes(vggConfiguration(11, [4, 4, 4, 4, 4])), 4, 8, 3), {
  preprocess: "unit",
});
let built: BuiltCommandLine;
let server: WebServer;
let bytes: Uint8Array;
beforeAll(() => {
  built = commandLine();
  writeSmallNetwork(built.at("net.safetensors"));
  bytes = new Uint8Array(readFileSync(built.at("net.safetensors")));
});
afterAll(() => built.remove());
beforeEach(async () => {
  server = await startWebServer(
    site({
      "net.safetensors": ranged(bytes, { etag: '"1"' }),
      "owner/name/resolve/main/model.safetensors": ranged(nameless, { etag: '"3"' }),
      "owner/name/resolve/main/config.json": whole(
        new TextEncoder().encode('{"id2label": {"0": "cat", "1": "dog", "2": "cow"}}'),
        { etag: '"2"' },
      ),
    }),
  );
});
afterEach(() => server.close());

const ascent = (words: string) =>
  built.ascent(words.split(" "), { ASCENT_CACHE: built.at("cache"), HF_ENDPOINT: server.url });

it("opens an address as it opens a file, keeps it, lists it, opens it again without its server, and deletes it", async () => {
  const url = `${server.url}net.safetensors`;
  const info = await ascent(`info --model ${url} --json`);
  expect(info).toMatchObject({ code: 0, stderr: "" });
  const local = await ascent(`info --model ${built.at("net.safetensors")} --json`);
  expect(JSON.parse(info.stdout)).toEqual(JSON.parse(local.stdout));
  expect((await ascent("models --cached")).stdout).toMatch(/net\.safetensors +0\.0 of 0\.0 MB\n/);
  const asked = server.requests.length;
  expect(await ascent(`info --model ${url} --json --offline`)).toMatchObject({ ...info, stderr: "" });
  expect(server.requests).toHaveLength(asked);
  await server.close();
  const kept = await ascent(`info --model ${url} --json`);
  expect(kept.stdout).toBe(info.stdout);
  expect(kept.stderr).toMatch(
    /^ascent: \S+net\.safetensors: its server is not reached; opened from the cache\n/,
  );
  expect((await ascent("models --delete net.safetensors")).stdout).toMatch(/^deleted 0\.0 MB: /);
  expect((await ascent("models --cached")).stdout).toMatch(/^nothing is kept in /);
  expect(await ascent(`info --model ${url}`)).toMatchObject({
    code: 2,
    stderr: `ascent: ${url}: the download failed; check the address and the connection (ECONNREFUSED)\n`,
  });
  server = await startWebServer();
});

it("takes a name of Hugging Face, with the classes of its configuration", async () => {
  const { code, stdout } = await ascent("info --model hf:owner/name --json");
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ classes: ["cat", "dog", "cow"] });
  expect((await ascent("info --model hf:owner/none")).stderr).toMatch(
    /^ascent: hf:owner\/none: there is none of/,
  );
});

it("lists networks that are known", async () => {
  const { stdout } = await ascent("models");
  for (const { name, address } of knownNetworks) {
    expect(stdout).toContain(`${name} `);
    expect(stdout).toContain(address);
  }
  expect(JSON.parse((await ascent("models --json")).stdout)).toHaveLength(knownNetworks.length);
});

it("leaves a cache that opens when it is interrupted", async () => {
  const url = `${server.url}net.safetensors`;
  server.answer = (request, response) => {
    const [first, last] = requestedRange(request, bytes.length);
    response.writeHead(206, { etag: '"1"', "content-range": `bytes ${first}-${last}/${bytes.length}` });
    response.write(bytes.subarray(first, first + 100));
  };
  const env = { ...process.env, ASCENT_CACHE: built.at("cache") };
  const child = spawn(process.execPath, [dist("node/cli.js"), "info", "--model", url], {
    env,
    stdio: "ignore",
  });
  await expect.poll(() => server.requests.length, { timeout: 20_000 }).toBe(1);
  child.kill("SIGINT");
  await new Promise((resolve) => child.once("exit", resolve));
  server.answer = ranged(bytes, { etag: '"1"' });
  expect((await ascent(`info --model ${url}`)).code).toBe(0);
});

describe.skipIf(!stackEnvironment("dawn").available || !wantedStacks().includes("dawn"))("on Dawn", () => {
  it("draws the same picture as from a file", { timeout: 120_000 }, async () => {
    const draw = async (model: string, name: string): Promise<Buffer> => {
      const out = built.at(name);
      const words = `render --model ${model} --objective channel:conv2_2:1 --size 32 --iterations 3 --out ${out}`;
      expect(await ascent(words)).toMatchObject({ code: 0 });
      return readFileSync(out);
    };
    const [near, far] = [
      await draw(built.at("net.safetensors"), "a.png"),
      await draw(`${server.url}net.safetensors`, "b.png"),
    ];
    expect(far.equals(near)).toBe(true);
  });
});
