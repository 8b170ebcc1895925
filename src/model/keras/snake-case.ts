/** `BatchNormalization` → `batch_normalization`, `LeakyReLU` → `leaky_re_lu`, as keras.src.utils.naming spells it. */
export function decapitalized(className: string): string {
  return className
    .replace(/\W+/g, "")
    .replace(/(.)([A-Z][a-z]+)/g, "$1_$2")
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase();
}
