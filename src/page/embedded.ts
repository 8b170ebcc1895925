/** The network that ships with the page; relative to this module, so the page works from any folder. */
export const embeddedUrl = new URL("../../weights/ascent-vgg.safetensors", import.meta.url).href;
