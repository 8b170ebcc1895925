import { css } from "lit";

export const viewStyles = css`
  :host {
    display: inline-grid;
    inline-size: 256px;
    position: relative;
  }
  :host([hidden]) {
    display: none;
  }
  canvas {
    inline-size: 100%;
    block-size: 100%;
    grid-area: 1 / 1;
    object-fit: contain;
  }
  :host([scaling="crisp"]) canvas {
    image-rendering: pixelated;
  }
  .message {
    grid-area: 1 / 1;
    align-self: end;
    margin: 0;
    padding: 0.75em 1em;
    font: 0.875rem/1.4 system-ui, sans-serif;
    overflow-wrap: anywhere;
    color: #fff;
    background: rgb(30 10 8 / 88%);
  }
`;
