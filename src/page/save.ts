/** Downloads: the page offers a file for saving. */

export function saveFile(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The download has its own reference by then.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** `ascent-school-bus-96.png`: letters, digits and dashes only. */
export function pictureName(title: string, [height, width]: readonly [number, number]): string {
  const words = title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "")
    .slice(0, 60);
  return `ascent-${words || "picture"}-${height === width ? height : `${height}x${width}`}.png`;
}
