/** What the first answer of a server says of a file: its size, its version, and whether parts of it can be had. */
import { WeightsError } from "../errors.ts";
import type { Connection, Download } from "./download.ts";

export interface RemoteFile {
  readonly size: number;
  /** `ETag` and `Last-Modified` of the first answer, as far as they are shown. */
  readonly headers: Headers;
  /** Without it each answer is the whole file. */
  readonly ranges: boolean;
}

export interface ContentRange {
  readonly begin: number;
  /** Exclusive, unlike in the header. */
  readonly end: number;
  /** Of the whole file. */
  readonly size: number;
}

/** A server of another origin may hide it. */
export function contentRange({ headers }: Download): ContentRange | undefined {
  const [, first, last, size] =
    /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(headers.get("content-range") ?? "") ?? [];
  if (first === undefined) return undefined;
  return { begin: Number(first), end: Number(last) + 1, size: Number(size) };
}

/** Content-Length is the file's size only where the body is not compressed on the way. */
export function announcedSize({ headers }: Download): number | undefined {
  const encoding = headers.get("content-encoding") ?? "identity";
  const text = headers.get("content-length") ?? "";
  const size = Number(text);
  return encoding === "identity" && /^\d+$/.test(text) && Number.isSafeInteger(size) ? size : undefined;
}

/** What tells one version of a file from the next; undefined where the server says nothing. */
export function versionOf(headers: Headers): string | undefined {
  return headers.get("etag") ?? headers.get("last-modified") ?? undefined;
}

/** What `If-Range` may say: no weak tag (RFC 9110, 13.1.5). */
export function rangeCondition(headers: Headers): string | undefined {
  const tag = headers.get("etag");
  return tag === null || /^W\//i.test(tag) ? (headers.get("last-modified") ?? undefined) : tag;
}

/** @throws WeightsError where this answer is of another version, or holds other bytes than were asked for */
export function checkAnswer(connection: Connection, file: RemoteFile, answer: Download, begin: number): void {
  for (const header of ["etag", "last-modified"]) {
    const before = file.headers.get(header);
    const after = answer.headers.get(header);
    if (before !== null && after !== null && before !== after) throw changed(connection, before, after);
  }
  if (answer.status === 200) {
    const size = announcedSize(answer);
    if (size !== undefined && size !== file.size) throw changed(connection, `${file.size} bytes`, `${size}`);
    return;
  }
  const range = contentRange(answer);
  if (range === undefined) return;
  if (range.size !== file.size) throw changed(connection, `${file.size} bytes`, `${range.size}`);
  if (range.begin !== begin) throw wrongRange(connection, answer, begin);
}

function changed({ name }: Connection, before: string, after: string): WeightsError {
  return new WeightsError(`${name}: the file changed while it was read: expected ${before}, got ${after}`, {
    remedy: "load it again from the beginning",
  });
}

export function wrongRange({ name }: Connection, { headers }: Download, begin: number): WeightsError {
  const got = headers.get("content-range") ?? "no Content-Range";
  return new WeightsError(`${name}: bytes from ${begin} were asked for, the server sent ${got}`, {
    remedy: "the server handles ranges wrongly; download the file and open it from disk",
  });
}
