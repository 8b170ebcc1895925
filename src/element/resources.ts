/**
 * What one element holds between runs: its GPU device and its opened network, each asked for once.
 *
 * Each element has a device of its own, requested when there is something to draw and destroyed when the
 * element leaves the document. A shared one would save some milliseconds of start-up, but then a lost
 * device, a lack of memory or a validation error takes every picture on the page along, and nobody can
 * tell when its memory may go.
 */
import { InputError } from "../errors.ts";
import { type Gpu, requestGpu } from "../gpu/device.ts";
import { filesBeside } from "../model/beside.ts";
import { openModel } from "../model/model.ts";
import { isAddress, modelSource } from "../model/model-source.ts";
import type { Model } from "../model/network.ts";
import { type Reading, sameReading } from "../model/reading.ts";
import { blobSource } from "../model/source.ts";
import type { Transfer } from "../model/transfer.ts";
import { browserCache } from "./cache-storage.ts";
import { browserGpu } from "./gpu-access.ts";

/** Which weights, and how to read them. */
export interface ModelRequest {
  /** Address of a file of weights, also `hf:OWNER/NAME`, or the file itself, which stays on this device. */
  readonly model: string | Blob;
  /** Files that the weights name, where `model` is a file; beside a URL they are found by themselves. */
  readonly beside: readonly File[];
  /** What the file does not say itself. */
  readonly reading: Reading;
  /** Names of the classes, where the file does not say them. */
  readonly classes?: readonly string[] | undefined;
  /** Keeps what is downloaded in this origin's storage, and opens it from there without a connection. */
  readonly cache?: boolean;
}

/** Told while an address is read. */
export interface ResourcesNews {
  readonly onTransfer?: (transfer: Transfer) => void;
  readonly onRemark?: (remark: string) => void;
}

/** @param offline of an address, only what is kept; nothing is requested */
export async function openRequest(
  { model, beside, reading, classes, cache }: ModelRequest,
  { onTransfer, onRemark }: ResourcesNews,
  signal: AbortSignal,
  offline = false,
): Promise<Model> {
  if (typeof model !== "string") {
    return openModel(blobSource(model), { ...reading, classes, beside: filesBeside(beside) });
  }
  const address = isAddress(model) ? model : new URL(model, document.baseURI).href;
  const found = await modelSource(address, {
    signal,
    offline,
    ...(cache && { cache: browserCache }),
    ...(onTransfer && { onProgress: onTransfer }),
    ...(onRemark && { onRemark }),
  });
  const named = classes === undefined ? {} : { classes };
  return openModel(found.source, { ...found.options, ...reading, ...named, beside: found.beside });
}

function sameModel(a: ModelRequest, b: ModelRequest): boolean {
  return (
    a.model === b.model &&
    a.beside === b.beside &&
    a.classes === b.classes &&
    a.cache === b.cache &&
    sameReading(a.reading, b.reading)
  );
}

/** Long enough for a compositor to take over the last frame. */
const LAST_FRAME_MS = 300;

/**
 * Firefox stops painting the whole page when a device goes while a frame of its canvas is on the way to the
 * screen, so the device goes a moment after its work; its buffers are gone by then.
 */
async function dismiss(gpu: Gpu): Promise<void> {
  await gpu.device.queue.onSubmittedWorkDone().catch(() => {});
  setTimeout(() => gpu.dispose(), LAST_FRAME_MS);
}

export class Resources {
  #gpu: Promise<Gpu> | undefined;
  #opened:
    | { readonly request: ModelRequest; readonly model: Promise<Model>; readonly download: AbortController }
    | undefined;
  readonly #news: ResourcesNews;

  constructor(news: ResourcesNews = {}) {
    this.#news = news;
  }

  /** @throws DeviceError where there is no usable GPU; the next call asks anew */
  async gpu(): Promise<Gpu> {
    this.#gpu ??= (async () => requestGpu(browserGpu()))();
    const gpu = this.#gpu;
    try {
      return await gpu;
    } catch (error) {
      if (this.#gpu === gpu) this.#gpu = undefined;
      throw error;
    }
  }

  /** @throws WeightsError or InputError where the file is unusable; the next call reads it anew */
  async model(request: ModelRequest): Promise<Model> {
    if (!this.#opened || !sameModel(this.#opened.request, request)) {
      this.#opened?.download.abort(new InputError("The download was ended: another network was asked for."));
      const download = new AbortController();
      this.#opened = { request, model: openRequest(request, this.#news, download.signal), download };
    }
    const opened = this.#opened;
    try {
      return await opened.model;
    } catch (error) {
      if (this.#opened === opened) this.#opened = undefined;
      throw error;
    }
  }

  /** Destroys the device, also one that is still on its way. The weights stay. */
  disposeGpu(): void {
    this.#gpu?.then(dismiss, () => {});
    this.#gpu = undefined;
  }

  dispose(): void {
    this.disposeGpu();
    this.#opened?.download.abort(new InputError("The download was ended: the picture left the page."));
    this.#opened = undefined;
  }
}
