/** The pages of an atlas: an index of layers, and a wall of channels for each. Plain HTML, no scripts. */

export interface AtlasLayer {
  readonly name: string;
  readonly channels: number;
}

export interface AtlasPages {
  /** The network, for the headline. */
  readonly network: string;
  readonly layers: readonly AtlasLayer[];
  /** Width of a picture in pixels. */
  readonly width: number;
  readonly height: number;
}

/** File name of a channel's picture within its layer's folder: sorted by name is sorted by channel. */
export function pictureName(channel: number): string {
  return `${String(channel).padStart(4, "0")}.png`;
}

/** `index.html` of the atlas. */
export function indexPage({ network, layers }: AtlasPages): string {
  const items = layers.map(({ name, channels }) => {
    const preview = [0, 1, 2, 3].filter((i) => i < channels).map((i) => Math.floor((i * channels) / 4));
    const images = preview.map((i) => `<img src="${name}/${pictureName(i)}" alt="" loading="lazy">`);
    return `<li><a href="${name}/index.html"><span>${images.join("")}</span>${name}<small>${channels} channels</small></a></li>`;
  });
  return page(`Atlas of ${network}`, "", `<ul class="layers">${items.join("\n")}</ul>`);
}

/** `LAYER/index.html`: a wall; what is not drawn yet shows its number alone. */
export function layerPage({ network, width, height }: AtlasPages, { name, channels }: AtlasLayer): string {
  const items = Array.from({ length: channels }, (_, i) => {
    const file = pictureName(i);
    return `<li><a href="${file}"><img src="${file}" alt="Channel ${i} of ${name}" width="${width}" height="${height}" loading="lazy"><small>${i}</small></a></li>`;
  });
  const back = `<p><a href="../index.html">All layers</a></p>`;
  return page(`${name} of ${network}`, back, `<ol class="wall">${items.join("\n")}</ol>`);
}

function page(title: string, before: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>
:root { color-scheme: light dark; font: 15px/1.4 system-ui, sans-serif; }
body { margin: 2rem clamp(1rem, 4vw, 4rem); }
h1 { font-weight: 500; letter-spacing: -0.01em; }
ul, ol { list-style: none; padding: 0; display: grid; gap: 0.75rem; }
.wall { grid-template-columns: repeat(auto-fill, minmax(96px, 1fr)); }
.layers { grid-template-columns: repeat(auto-fill, minmax(16rem, 1fr)); }
a { color: inherit; text-decoration: none; display: block; border-radius: 6px; }
a:hover, a:focus-visible { outline: 2px solid currentColor; outline-offset: 3px; }
img { display: block; width: 100%; height: auto; border-radius: 6px; background: color-mix(in srgb, currentColor 8%, transparent); }
.layers span { display: grid; grid-template-columns: repeat(4, 1fr); gap: 4px; margin-bottom: 0.4rem; }
small { display: block; opacity: 0.65; font-variant-numeric: tabular-nums; }
</style>
${before}<h1>${escaped(title)}</h1>
${body}
</html>
`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
