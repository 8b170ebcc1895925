/**
 * Networks by address: `https://…`, or `hf:OWNER/NAME[@REVISION][/FILE]` of Hugging Face. What is requested is the file
 * itself, and of Hugging Face the small files beside it that say preprocessing and classes.
 */
import { InputError, shown, WeightsError } from "../errors.ts";
import { type Beside, urlBeside } from "./beside.ts";
import { parseBounded } from "./bounded-json.ts";
import { InterruptedError, MissingFileError, RefusedError } from "./download.ts";
import { knownOptions } from "./known-networks.ts";
import { type Published, publishedConfig } from "./published-config.ts";
import type { ByteSource } from "./source.ts";
import { transferCounter } from "./transfer.ts";
import { type UrlOptions, urlSource } from "./url-source.ts";

export interface AddressOptions extends UrlOptions {
  /** Where `hf:` leads: https://huggingface.co if not said. */
  readonly hub?: string;
}

/** A network that was found, and what its publisher says of it. */
export interface ModelSource {
  /** For people: the address without a signature. */
  readonly name: string;
  /** Of the file itself. */
  readonly url: string;
  readonly source: ByteSource;
  readonly beside: Beside;
  /** For `openModel`, before what a person says. */
  readonly options: Published;
}

const HUB = "https://huggingface.co";
/** As transformers and timm call them. */
const HUB_FILES = ["model.safetensors", "model.safetensors.index.json", "pytorch_model.bin"] as const;
/** More than any `config.json` has, with a thousand classes. */
const CONFIG_BYTES = 1 << 22;

/** Whether a text is an address, and no path. */
export function isAddress(text: string): boolean {
  return /^(https?:\/\/|hf:)/i.test(text);
}

/**
 * @throws InputError for what is no address; WeightsError where there is no such network, where it is not public, or where
 *   the server is not reached
 */
export async function modelSource(address: string, options: AddressOptions = {}): Promise<ModelSource> {
  if (typeof address !== "string" || !URL.canParse(address)) {
    throw new InputError(`modelSource: expected an address, got ${shown(address)}`, {
      remedy: "give https://… or hf:OWNER/NAME",
    });
  }
  const counted = { ...options, counter: options.counter ?? transferCounter(options.onProgress) };
  try {
    return await found(address, counted);
  } catch (error) {
    if (!(error instanceof InterruptedError) || options.cache === undefined) throw error;
    const kept = await found(address, { ...counted, offline: true }).catch(() => undefined);
    if (kept === undefined) throw error;
    options.onRemark?.(`${kept.name}: its server is not reached; opened from the cache`);
    return kept;
  }
}

async function found(address: string, options: AddressOptions): Promise<ModelSource> {
  const known = knownOptions(address);
  if (/^hf:/i.test(address)) {
    const source = await hubSource(address, options);
    return { ...source, options: { ...known, ...source.options } };
  }
  const source = await urlSource(address, options);
  return { name: source.name, url: address, source, beside: urlBeside(address, options), options: known };
}

interface HubAddress {
  readonly repository: string;
  readonly revision: string;
  readonly file: string | undefined;
}

const HUB_NAME = "[A-Za-z0-9_][A-Za-z0-9_.-]{0,95}";
const HUB_ADDRESS = new RegExp(
  `^hf:(?://)?(${HUB_NAME}/${HUB_NAME})(?:@([A-Za-z0-9_][A-Za-z0-9_.-]{0,255}))?(?:/(.+))?$`,
  "i",
);

/** @throws InputError that says how it is written */
export function hubAddress(address: string): HubAddress {
  const [, repository, revision = "main", file] = HUB_ADDRESS.exec(address.trim()) ?? [];
  const plain = file === undefined || !file.split("/").some((part) => /^\.{0,2}$/.test(part));
  if (repository !== undefined && plain && !address.includes("\\")) return { repository, revision, file };
  throw new InputError(
    `expected hf:OWNER/NAME, hf:OWNER/NAME@REVISION or hf:OWNER/NAME/FILE, got ${shown(address)}`,
    { remedy: "as in hf:timm/vgg16.tv_in1k" },
  );
}

async function hubSource(address: string, options: AddressOptions): Promise<ModelSource> {
  const { repository, revision, file } = hubAddress(address);
  const hub = (options.hub ?? HUB).replace(/\/+$/, "");
  const urlOf = (name: string): string =>
    `${hub}/${repository}/resolve/${revision}/${name.split("/").map(encodeURIComponent).join("/")}`;
  const [found, source] = await firstOf(file === undefined ? HUB_FILES : [file], async (name) =>
    urlSource(urlOf(name), options),
  ).catch((error: unknown) => {
    throw hubError(error, address, file);
  });
  const url = urlOf(found);
  const beside = urlBeside(url, options);
  try {
    return { name: address, url, source, beside, options: await configOf(beside) };
  } catch (error) {
    source.close?.();
    throw error;
  }
}

/** The first that is there. @throws as the last, where none is */
async function firstOf<T>(
  names: readonly string[],
  open: (name: string) => Promise<T>,
): Promise<readonly [name: string, opened: T]> {
  for (const name of names.slice(0, -1)) {
    try {
      return [name, await open(name)];
    } catch (error) {
      if (!(error instanceof MissingFileError)) throw error;
    }
  }
  const last = names.at(-1) as string;
  return [last, await open(last)];
}

/** Hugging Face answers 401 of networks that do not exist as of private ones: it does not tell which. */
function hubError(cause: unknown, address: string, file: string | undefined): unknown {
  const error = (what: string, remedy: string) => new WeightsError(`${address}: ${what}`, { cause, remedy });
  if (cause instanceof MissingFileError) {
    if (cause.reason === "RevisionNotFound") {
      const { revision } = hubAddress(address);
      return error(`there is no revision ${shown(revision)}`, "leave @REVISION out for the newest");
    }
    return error(
      file === undefined ? `there is none of ${HUB_FILES.join(", ")}` : "there is no such file",
      "look up its files on huggingface.co, and write hf:OWNER/NAME/FILE",
    );
  }
  if (!(cause instanceof RefusedError)) return cause;
  if (cause.reason === "GatedRepo") {
    return error(
      "its owner lets only some people have it",
      "get it with your account on huggingface.co, and open the file",
    );
  }
  return error(
    "there is no such network, or it is private",
    "check owner and name; download a private one with your account, and open the file",
  );
}

async function configOf(beside: Beside): Promise<Published> {
  const said = publishedConfig(await jsonBeside(beside, "config.json"), undefined);
  if (said.preprocess !== undefined) return said;
  return { ...publishedConfig(undefined, await jsonBeside(beside, "preprocessor_config.json")), ...said };
}

/** Undefined where there is none, or none that can be read. */
async function jsonBeside(beside: Beside, name: string): Promise<unknown> {
  const source = await beside(name);
  if (source === undefined) return undefined;
  try {
    if (source.size > CONFIG_BYTES) return undefined;
    return parseBounded(new TextDecoder().decode(await source.read(0, source.size)));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  } finally {
    source.close?.();
  }
}
