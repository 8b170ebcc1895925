/**
 * How often Dawn looks for finished work. Its binding for Node looks again at every turn of the event loop for as long as
 * anything is awaited, which keeps a core busy that a software adapter would compute on.
 */

/** Milliseconds for which it may look at every turn: short work is not kept waiting. */
const EAGER_MS = 2;
/** Milliseconds between two looks afterwards. */
const PAUSE_MS = 1;
/** Milliseconds without a look after which the next one counts as the first. */
const IDLE_MS = 5;

let paced = false;

/** Puts pauses between the looks: the binding finds `setImmediate` on the global object each time it wants another. */
export function pacePolling(): void {
  if (paced) return;
  paced = true;
  let [first, last] = [0, 0];
  globalThis.setImmediate = new Proxy(globalThis.setImmediate, {
    apply(setImmediate, self, parameters) {
      const [callback] = parameters;
      if (!isBindings(callback)) return Reflect.apply(setImmediate, self, parameters);
      const now = performance.now();
      if (now - last > IDLE_MS) first = now;
      last = now;
      return now - first < EAGER_MS
        ? Reflect.apply(setImmediate, self, parameters)
        : setTimeout(callback, PAUSE_MS);
    },
  });
}

/** Whether a function is a binding's: native and without a name. */
function isBindings(callback: unknown): callback is () => void {
  if (typeof callback !== "function" || callback.name !== "") return false;
  return Function.prototype.toString.call(callback).includes("[native code]");
}
