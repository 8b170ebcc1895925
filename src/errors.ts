/**
 * Every failure a person can meet is one of these classes. The message says what was expected, what
 * was there and where; `remedy` says what to do about it. The command line prints both on one line
 * and leaves with exit code 2; the element sends them in `ascent-error`.
 */
export class AscentError extends Error {
  override readonly name: string = "AscentError";
  readonly remedy: string | undefined;

  constructor(message: string, options: { readonly remedy?: string; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.remedy = options.remedy;
  }
}

/** What was thrown, if it is no error of this project's then as one, so that it has a message for people. */
export function asAscentError(error: unknown): AscentError {
  return error instanceof AscentError ? error : new AscentError(String(error), { cause: error });
}

/** A request that cannot be met as stated: an unknown layer, a size out of bounds, a bad flag. */
export class InputError extends AscentError {
  override readonly name = "InputError";
}

/** A value for a message: a text quoted, a list as JSON, both cut at 80 characters; of other objects the class. */
export function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(beginning(value));
  if (typeof value === "function") return "a function";
  if (Array.isArray(value)) return beginning(listText(value, 3));
  return typeof value === "object" && value !== null ? `an object (${className(value)})` : String(value);
}

function beginning(text: string): string {
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** No more than is shown is written: lists may hold themselves, or each the next one many times. */
function listText(list: readonly unknown[], depth: number): string {
  const items: string[] = [];
  for (let i = 0, length = 0; i < list.length && length <= 80; i++) {
    const item = list[i];
    const text = Array.isArray(item) ? (depth > 0 ? listText(item, depth - 1) : "a list") : itemText(item);
    length += text.length + 1;
    items.push(text);
  }
  return `[${items.join()}]`;
}

function itemText(item: unknown): string {
  if (typeof item === "object" && item !== null) return `an object (${className(item)})`;
  return item === undefined ? "null" : shown(item);
}

function className(value: object): string {
  return (value.constructor as { readonly name: string } | undefined)?.name ?? "without a class";
}

/**
 * Does the work; where it cannot be met as stated, says of what.
 * @param what begins the message
 */
export function inputOf<T>(what: string, remedy: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(`${what}: ${error.message}`, { remedy, cause: error });
  }
}

/** A weights file that is truncated, hostile, of the wrong shapes, or not finite. */
export class WeightsError extends AscentError {
  override readonly name = "WeightsError";
}

/** No usable GPU: missing WebGPU, no adapter, device lost, out of memory. */
export class DeviceError extends AscentError {
  override readonly name = "DeviceError";
}

/** A shader that does not compile or is bound wrongly: a defect of this project or its driver. */
export class ShaderError extends AscentError {
  override readonly name = "ShaderError";
}
