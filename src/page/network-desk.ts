/**
 * Which network the page draws with, from the click to the opened file: what was chosen, what is asked of the person first,
 * and why a file was not taken. A network that cannot be opened leaves the one that runs alone.
 */
import type { ReactiveController, ReactiveControllerHost } from "lit";
import { AscentError, asAscentError, InputError } from "../errors.ts";
import { classCount } from "../model/labels.ts";
import { isAddress } from "../model/model-source.ts";
import type { Network, Preprocess } from "../model/network.ts";
import { QuestionError } from "../model/question.ts";
import type { Transfer } from "../model/transfer.ts";
import type { LinkState } from "./link.ts";
import { choiceOf, embeddedModel, isOwn, type ModelChoice, nameOf } from "./model-choice.ts";
import { fingerprint, type OpenedNetwork, type Opening, openChoice } from "./open-choice.ts";
import type { RememberedFiles } from "./remembered.ts";
import { TransferLine } from "./transfer-line.ts";

/** Of a link, the network that it was made with. */
export type LinkedNetwork = Pick<LinkState, "file" | "fingerprint" | "reading">;

export class NetworkDesk implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  readonly #onOpened: (opened: OpenedNetwork, before: Network | undefined) => void;
  /** The network chosen last, whether or not it could be opened. */
  choice: ModelChoice = embeddedModel;
  /** The network that the picture is drawn with. */
  shown: ModelChoice = embeddedModel;
  opened: OpenedNetwork | undefined;
  /** What a person has to say of the chosen network first. */
  asked: QuestionError | undefined;
  /** The network of a link, whose file is not here. */
  missing: LinkedNetwork | undefined;
  /** Why the chosen network was not taken. */
  refusal: AscentError | undefined;
  isRemembered = false;
  /** How far the network's download is, in words; empty where there is none. */
  progress = "";
  readonly #line = new TransferLine();
  /** The network before the one whose weights are on their way. */
  #former: ModelChoice | undefined;
  #opening = new AbortController();
  /** A file that is opened after a newer choice is dropped. */
  #turn = 0;

  /** @param onOpened told of a network that was chosen and opened, and of the one before it */
  constructor(
    host: ReactiveControllerHost,
    onOpened: (opened: OpenedNetwork, before: Network | undefined) => void,
  ) {
    this.#host = host;
    this.#onOpened = onOpened;
    host.addController(this);
  }

  hostConnected(): void {}

  /** Of the network that is open; before there is one, the embedded network's. */
  get preprocess(): Preprocess {
    return this.opened?.preprocess ?? "imagenet";
  }

  /** What the run that is drawn says of its network. */
  ready(opened: OpenedNetwork): void {
    this.#former = undefined;
    this.#set({ opened, progress: "" });
  }

  /** How far a download is. */
  report(transfer: Transfer): void {
    const progress = this.#line.tell(transfer, performance.now()) ?? "";
    if (progress !== this.progress) this.#set({ progress });
  }

  async choose(choice: ModelChoice): Promise<void> {
    const turn = this.#begin();
    this.#set({ choice, asked: undefined, missing: undefined, refusal: undefined, progress: "" });
    try {
      const opened = await openChoice(choice, this.#way());
      const mark = choice.file ? await fingerprint(choice.file) : "";
      const isRemembered = mark !== "" && (await recalled(mark)) !== undefined;
      if (turn !== this.#turn) return;
      const before = this.opened?.network;
      const known = { ...choice, fingerprint: mark };
      this.#former = this.shown;
      this.#set({ opened, choice: known, shown: known, isRemembered, progress: "" });
      this.#onOpened(opened, before);
    } catch (error) {
      if (error instanceof QuestionError) await import("./over-picture.ts");
      if (turn !== this.#turn) return;
      this.#set({ progress: "" });
      if (error instanceof QuestionError) this.#set({ asked: error });
      else this.#set({ refusal: asAscentError(error) });
    }
  }

  /**
   * Files that were chosen or dropped. Those that a link waits for are read as the link says. A list of names alone names
   * the classes of the network that is open.
   */
  async take(files: readonly File[]): Promise<void> {
    const [list, ...others] = files;
    const classes = this.opened && classCount(this.opened.network);
    if (list && others.length === 0 && classes && isOwn(this.shown) && isList(list)) {
      return this.#nameClasses(list, classes);
    }
    return this.choose({ ...choiceOf(files), reading: this.missing?.reading ?? {} });
  }

  async #nameClasses(list: File, expected: number): Promise<void> {
    try {
      const { parseClassNames } = await import("../model/class-files.ts");
      const classes = parseClassNames(list.name, await list.text());
      if (classes.length !== expected) {
        const message = `${list.name}: names ${classes.length} classes, and the network has ${expected}`;
        throw new InputError(message, {
          remedy: "give a name for each class, in a line of its own or as JSON",
        });
      }
      await this.choose({ ...this.shown, classes });
    } catch (error) {
      this.refuse(error);
    }
  }

  /** What a person answered. */
  answer(value: string): Promise<void> {
    const { asked, choice } = this;
    if (!asked) return Promise.resolve();
    return this.choose({ ...choice, reading: { ...choice.reading, [asked.question.about]: value } });
  }

  /** Back to the network that is drawn; where weights are on their way, to the one before. */
  leave(): void {
    const former = this.progress === "" ? undefined : this.#former;
    if (former) return void this.choose(former);
    this.#begin();
    this.#set({
      ...{ asked: undefined, missing: undefined, refusal: undefined, progress: "" },
      choice: this.shown,
    });
  }

  /** Why something that was given was not taken. */
  refuse(error: unknown): void {
    this.#set({ refusal: asAscentError(error) });
  }

  /** Opens the network of a link where it is remembered here, and else asks for its file. */
  async follow(linked: LinkedNetwork): Promise<void> {
    const { file, fingerprint: mark, reading } = linked;
    const { shown } = this;
    const isShown = file === nameOf(shown) && (mark === "" || mark === shown.fingerprint);
    if (isShown) return;
    if (file === "") return this.choose(embeddedModel);
    const turn = this.#begin();
    if (isAddress(file)) return this.#followAddress(linked, turn);
    const files = mark === "" ? undefined : await recalled(mark);
    if (!files) await import("./over-picture.ts");
    if (turn !== this.#turn) return;
    if (files) await this.choose({ ...embeddedModel, ...files, fingerprint: mark, reading });
    else this.#set({ missing: linked });
  }

  /** An address is asked for only when a person says so; what is kept of it here opens by itself. */
  async #followAddress(linked: LinkedNetwork, turn: number): Promise<void> {
    const choice = { ...embeddedModel, address: linked.file, reading: linked.reading };
    const isKept = await openChoice(choice, { ...this.#way(), offline: true }).then(
      () => true,
      (error) => error instanceof QuestionError,
    );
    await import("./over-picture.ts");
    if (turn !== this.#turn) return;
    if (isKept) await this.choose(choice);
    else this.#set({ missing: linked });
  }

  /** What came before is of no more interest, and its download ends. */
  #begin(): number {
    this.#opening.abort();
    this.#opening = new AbortController();
    this.#turn += 1;
    return this.#turn;
  }

  #way(): Opening {
    return { signal: this.#opening.signal, onTransfer: (transfer) => this.report(transfer) };
  }

  /** Keeps the file on this computer, or no longer. @throws where the browser keeps nothing */
  async remember(wanted: boolean): Promise<void> {
    const { file, beside, fingerprint: mark } = this.shown;
    if (!file) return;
    const { forget, remember } = await import("./remembered.ts");
    try {
      if (wanted) await remember(mark, { file, beside });
      else await forget(mark);
      this.#set({ isRemembered: wanted });
    } catch (cause) {
      const message = `${file.name}: this browser did not keep the file`;
      this.refuse(new AscentError(message, { remedy: "make room, or leave the private window", cause }));
    }
  }

  #set(change: Partial<NetworkDesk>): void {
    Object.assign(this, change);
    this.#host.requestUpdate();
  }
}

/** Storage is loaded only for files, which alone may be remembered. */
async function recalled(mark: string): Promise<RememberedFiles | undefined> {
  return (await import("./remembered.ts")).recall(mark);
}

/** Names of classes, by its name; the JSON files that hold or list weights are others. */
function isList({ name }: File): boolean {
  return /\.(txt|json)$/i.test(name) && !/(^|\.)(model|index)\.json$/i.test(name);
}
