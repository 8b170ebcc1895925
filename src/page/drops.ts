/** Files dropped anywhere on the page. A picture becomes the start of the ascent; any others are opened as weights. */

export interface DropTargets {
  /** A file hovers over the page, or no longer does. */
  readonly onDrag: (dragging: boolean) => void;
  readonly onPhoto: (file: File) => void;
  readonly onWeights: (files: readonly File[]) => void;
}

/** Browsers name the types only of those that their system knows: of a HEIC few do. */
const PICTURE = /\.(png|jpe?g|webp|avif|hei[cf]|gif|bmp|tiff?)$/i;

const isPicture = ({ type, name }: File): boolean => type.startsWith("image/") || PICTURE.test(name);

/** Listens on the window. @returns how to stop */
export function listenForDrops({ onDrag, onPhoto, onWeights }: DropTargets): () => void {
  const controller = new AbortController();
  const options = { signal: controller.signal };
  const carriesFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
  const over = (event: DragEvent): void => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    onDrag(true);
  };
  const drop = (event: DragEvent): void => {
    const files = [...(event.dataTransfer?.files ?? [])];
    const [file] = files;
    onDrag(false);
    if (!file) return;
    event.preventDefault();
    if (isPicture(file)) onPhoto(file);
    else onWeights(files);
  };
  const leave = (event: DragEvent): void => {
    // Without a related target the pointer has left the window, not just moved on to another element.
    if (event.relatedTarget === null) onDrag(false);
  };
  window.addEventListener("dragover", over, options);
  window.addEventListener("drop", drop, options);
  window.addEventListener("dragleave", leave, options);
  return () => controller.abort();
}
