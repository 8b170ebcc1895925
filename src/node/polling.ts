/**
 * How often Dawn looks for finished work. While anything is awaited, its binding for Node looks at every turn of the event
 * loop. That keeps a core busy which a software adapter could compute on.
 */

/** Milliseconds for which it may look at every turn, so that short work does not wait. */
const EAGER_MS = 2;
/** Milliseconds between two looks afterwards. */
const PAUSE_MS = 1;
/** Milliseconds without a look after which the next one counts as the first. */
const IDLE_MS = 5;

let paced = false;

/** Puts pauses between the looks. The binding reads `setImmediate` from the global object before each look. */
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

/** A function of a binding is native and has no name. */
function isBindings(callback: unknown): callback is () => void {
  if (typeof callback !== "function" || callback.name !== "") return false;
  return Function.prototype.toString.call(callback).includes("[native code]");
}
