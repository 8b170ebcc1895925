/** What stands in place of the picture, if anything does. Its elements are loaded when they are needed. */
import { html, type TemplateResult } from "lit";
import { embeddedModel } from "./model-choice.ts";
import type { NetworkDesk } from "./network-desk.ts";

export function overPicture(desk: NetworkDesk): TemplateResult | undefined {
  const { asked, missing } = desk;
  const leave = () => desk.leave();
  if (asked) {
    return html`<page-question
      .question=${asked.question}
      .reason=${asked.message}
      @answer=${({ detail }: CustomEvent<string>) => void desk.answer(detail)}
      @cancel=${leave}
    ></page-question>`;
  }
  if (!missing) return undefined;
  return html`<page-missing-file
    .fileName=${missing.file}
    @files=${({ detail }: CustomEvent<readonly File[]>) => void desk.take(detail)}
    @fetch=${() => void desk.choose({ ...embeddedModel, address: missing.file, reading: missing.reading })}
    @cancel=${leave}
  ></page-missing-file>`;
}
