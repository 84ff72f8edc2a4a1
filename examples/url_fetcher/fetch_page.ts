import { isIP } from "node:net";
import type { AddressPolicy } from "../../shared/http/address_policy.ts";
import type { HttpAnswer, HttpGet, Resolve } from "./http_get.ts";
import { Problem } from "./problem.ts";
import { decodeText, htmlTitle, isHtml } from "./title.ts";

/** How often a redirect is followed. */
export const maxRedirects = 5;

const titleWithinBytes = 256 * 1024;

/** What was found at a URL. */
export interface PageReport {
  readonly url: string;
  /** The URL after redirects. */
  readonly final_url: string;
  readonly status: number;
  /** From HTML only. */
  readonly title: string | null;
  readonly content_type: string | null;
  /** How much of the body was read, content encodings taken off. */
  readonly bytes: number;
  /** Whether there was more body than that. */
  readonly truncated: boolean;
  /** Milliseconds from the start of the first hop; the first byte is the last hop's. */
  readonly timing: { readonly total_ms: number; readonly first_byte_ms: number };
}

/** What {@link fetchPage} reaches the network by. */
export interface FetchPageDeps {
  readonly get: HttpGet;
  readonly resolve: Resolve;
  readonly policy: AddressPolicy;
}

/**
 * Fetches a page and tells about it.
 *
 * @param options.signal ends the attempt; its reason is thrown.
 * @throws {Problem} `url-refused` for the URL or one that it redirects to; `upstream-failed`.
 */
export async function fetchPage(
  url: URL,
  options: { readonly maxBytes: number; readonly signal: AbortSignal },
  deps: FetchPageDeps,
): Promise<PageReport> {
  const { maxBytes, signal } = options;
  const started = performance.now();
  try {
    const [finalUrl, answer] = await follow(url, signal, deps);
    using _ = answer;
    const firstByteMs = since(started);
    const contentType = answer.header("content-type");
    const { bytes, truncated, head } = await read(answer.body, maxBytes, isHtml(contentType));
    return {
      url: url.href,
      final_url: finalUrl.href,
      status: answer.status,
      title: htmlTitle(decodeText(head, contentType)),
      content_type: contentType,
      bytes,
      truncated,
      timing: { total_ms: since(started), first_byte_ms: firstByteMs },
    };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Problem) throw error;
    throw new Problem("upstream-failed", error instanceof Error ? error.message : String(error));
  }
}

async function follow(
  start: URL,
  signal: AbortSignal,
  deps: FetchPageDeps,
): Promise<[URL, HttpAnswer]> {
  let url = start;
  for (let redirects = 0;; redirects++) {
    const addresses = await admittedAddresses(url, signal, deps);
    const answer = await deps.get(url, addresses, signal);
    const location = [301, 302, 303, 307, 308].includes(answer.status)
      ? answer.header("location")
      : null;
    if (location === null) return [url, answer];
    answer[Symbol.dispose]();
    if (redirects === maxRedirects) {
      throw new Problem("upstream-failed", `more than ${maxRedirects} redirects`);
    }
    if (!URL.canParse(location, url)) {
      throw new Problem("upstream-failed", `${url.href} redirects to what is no URL`);
    }
    url = new URL(location, url);
  }
}

async function admittedAddresses(
  url: URL,
  signal: AbortSignal,
  { resolve, policy }: FetchPageDeps,
): Promise<readonly string[]> {
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new Problem("url-refused", `${url.href}: only http: and https: are fetched`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new Problem("url-refused", "a URL with a user name or password is not fetched");
  }
  const hostname = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const addresses = isIP(hostname) ? [hostname] : await withSignal(resolve(hostname), signal);
  const admitted = addresses.filter((address) => policy.admits(hostname, address));
  if (admitted.length > 0) return admitted;
  throw new Problem(
    "url-refused",
    `${url.host} has no public address; others are fetched only where this service allows them`,
  );
}

async function read(body: AsyncIterable<Uint8Array>, maxBytes: number, keepHead: boolean) {
  const kept: Uint8Array[] = [];
  let bytes = 0;
  let truncated = false;
  for await (const chunk of body) {
    const room = maxBytes - bytes;
    if (keepHead && bytes < titleWithinBytes) kept.push(chunk.subarray(0, room));
    bytes += Math.min(chunk.length, room);
    truncated = chunk.length > room;
    if (truncated) break;
  }
  return { bytes, truncated, head: concat(kept) };
}

function concat(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.length;
  }
  return whole;
}

function withSignal<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  return Promise.race([promise, aborted]).finally(() => {
    signal.removeEventListener("abort", abort);
  });
}

function since(started: number): number {
  return Math.round((performance.now() - started) * 10) / 10;
}
