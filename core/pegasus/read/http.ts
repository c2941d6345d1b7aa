/**
 * Judges what a meta server's HTTP side answered. Readers of bodies are the shell's own (`readApps`,
 * `readNodes`, …): the sections are the same.
 *
 * Two things must not be mixed up. A meta that is not primary answers 307 to `/meta/*` and names the
 * primary by host name, or nobody when it knows none; `/config` and `/version` are answered by each
 * process itself. And 200 is no success by itself: an unknown option is `ERR_OBJECT_NOT_FOUND: …` with 200.
 *
 * Hazard: `/meta/*` ends a meta that has not got through its ZooKeeper start-up (segmentation fault).
 * Ask it only of a meta that is known to lead or to follow; `/version` and `/config` are safe at any time.
 */
import { UnreadableAnswer, shorten } from "./answer";
import { text } from "./fields";
import { parseObject, rowFrom } from "./sections";
import type { Reader } from "./shell";

/** A reply as it came; header names in lower case. */
export interface HttpReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

export type HttpAnswer<T> =
  | { readonly kind: "ok"; readonly value: T }
  /** Ask the primary instead; `address` is `host:port` as the meta names it, `path` with its query. */
  | { readonly kind: "redirect"; readonly address: string; readonly path: string }
  /** The meta follows nobody yet, or no more. */
  | { readonly kind: "no-primary" }
  /** An error by status, or by code under status 200. */
  | { readonly kind: "error"; readonly status: number; readonly code?: string; readonly says: string }
  | { readonly kind: "unreadable"; readonly says: string };

export function readHttp<T>(reply: HttpReply, read: Reader<T>): HttpAnswer<T> {
  if (reply.status === 307) return redirectFrom(reply);
  const code = /^(ERR_[A-Z_]+)\b/.exec(reply.body.trim())?.[1];
  if (reply.status !== 200 || code !== undefined) {
    return { kind: "error", status: reply.status, code, says: shorten(reply.body) };
  }
  try {
    return { kind: "ok", value: read(reply.body) };
  } catch (error) {
    if (!(error instanceof UnreadableAnswer)) throw error;
    return { kind: "unreadable", says: error.message };
  }
}

/** One option as the asked process has loaded it. */
export interface ConfigOption {
  readonly name: string;
  readonly section: string;
  readonly type: string;
  readonly value: string;
}

/** The body of `/config?name=<name>`: what this very process runs with, whatever its file says now. */
export function readConfigOption(body: string): ConfigOption {
  const row = rowFrom(parseObject(body), "option");
  return {
    name: text(row, "name"),
    section: text(row, "section"),
    type: text(row, "type"),
    value: text(row, "value"),
  };
}

/** The body of `/recentStartTime`, as printed: `2026-11-22 08:18:46`. Tells a restarted process from the old one. */
export function readStartTime(body: string): string {
  return text(rowFrom(parseObject(body), "start time"), "RecentStartTime");
}

function redirectFrom(reply: HttpReply): HttpAnswer<never> {
  const location = reply.headers["location"];
  if (location === undefined) return { kind: "unreadable", says: "307 without a Location" };
  // No URL parser: `http://invalid host_port/…` is what a meta without a leader really sends.
  const match = /^http:\/\/([^/]+)(\/.*)$/.exec(location);
  const [, address, path] = match ?? [];
  if (address === undefined || path === undefined)
    return { kind: "unreadable", says: `Location: ${shorten(location)}` };
  if (address.startsWith("invalid ")) return { kind: "no-primary" };
  return { kind: "redirect", address, path };
}
