/**
 * Parts of downloaded networks in this origin's Cache storage. It, and not the private file system, since an entry is there
 * whole or not at all, every browser writes it from a page, and it says when there is no room.
 */
import type { KeptStorage } from "../model/kept.ts";

const NAME = "webgpu-ascent networks";
/** Entries are named by addresses. This one leads nowhere. */
const BASE = "https://networks.webgpu-ascent.invalid/";

const address = (name: string): string => `${BASE}${name}`;

/** Holds nothing, and takes nothing, where a browser gives pages no storage. */
export const browserCache: KeptStorage = {
  async names(folder) {
    const requests = (await (await opened())?.keys()) ?? [];
    const names = requests.map(({ url }) => url.slice(BASE.length));
    return folder === undefined ? names : names.filter((name) => name.startsWith(`${folder}/`));
  },
  async read(name) {
    const response = await (await opened())?.match(address(name));
    return response && new Uint8Array(await response.arrayBuffer());
  },
  async write(name, bytes) {
    const cache = await opened();
    if (cache === undefined) throw new Error("this browser gives pages no storage here");
    await cache.put(address(name), new Response(bytes));
  },
  async remove(name) {
    await (await opened())?.delete(address(name));
  },
};

/** Undefined where pages have none: without a secure connection, in a private window, in a sandboxed frame. */
async function opened(): Promise<Cache | undefined> {
  try {
    return await globalThis.caches?.open(NAME);
  } catch {
    return undefined;
  }
}
