import { lookup } from "node:dns/promises";
import { isIP, type LookupFunction } from "node:net";
import { Client, type Dispatcher } from "undici";
import { within } from "../../shared/waiting.ts";
import { withoutBrackets } from "./allow_entry.ts";
import { type AllowList, CallbackUrlError } from "./allow_list.ts";
import { FailingHosts } from "./failing_hosts.ts";

/** How the delivery of a callback ended. */
export type PostResult =
  | {
    readonly kind: "response";
    readonly status: number;
    readonly retryAfter?: string;
    /** The beginning of its body, where it is no success. */
    readonly body: Uint8Array;
  }
  /** It may not go there. */
  | { readonly kind: "refused"; readonly detail: string }
  | { readonly kind: "unreachable"; readonly detail: string }
  | { readonly kind: "timeout"; readonly detail: string }
  /** Cut off by a shutdown. */
  | { readonly kind: "stopped" };

/** The addresses of a host name. Rejects if there are none. */
export type Resolve = (hostname: string) => Promise<readonly string[]>;

/** Asks the system's resolver. */
export const resolveBySystem: Resolve = async (hostname) =>
  (await lookup(hostname, { all: true })).map(({ address }) => address);

/** What {@link Poster} needs. */
export interface PosterOptions {
  readonly allow: AllowList;
  /** For all of a delivery, milliseconds. */
  readonly timeoutMs: number;
  /** @default the system's */
  readonly resolve?: Resolve;
}

/** How much of a response's body is read, bytes. */
const mostBytes = 4_096;

class TimeoutError extends Error {}

/**
 * Posts callbacks, each over a connection of its own: the host's addresses are looked up, those
 * that are allowed are connected to, and nothing is looked up in between. Redirects are not
 * followed, since they would lead past all that.
 */
export class Poster {
  readonly #failing = new FailingHosts();
  readonly #allow: AllowList;
  readonly #timeoutMs: number;
  readonly #resolve: Resolve;

  constructor({ allow, timeoutMs, resolve = resolveBySystem }: PosterOptions) {
    this.#allow = allow;
    this.#timeoutMs = timeoutMs;
    this.#resolve = resolve;
  }

  /**
   * Posts to a URL. Never rejects. A host that has not answered again and again is `unreachable`
   * for a while without being tried.
   * @param signal cuts it off.
   */
  async post(
    to: string,
    headers: Readonly<Record<string, string>>,
    body: Uint8Array,
    signal: AbortSignal,
  ): Promise<PostResult> {
    const limit = new AbortController();
    const late = new TimeoutError(`no answer within ${this.#timeoutMs} ms`);
    const timer = setTimeout(() => limit.abort(late), this.#timeoutMs);
    const both = AbortSignal.any([signal, limit.signal]);
    let host: string | undefined;
    try {
      const url = this.#allow.read(to);
      if (this.#failing.leftAlone(url.host, Date.now())) {
        return { kind: "unreachable", detail: `not tried: ${url.host} did not answer lately` };
      }
      host = url.host;
      const addresses = await this.#addresses(url, both);
      const request = { headers: { ...headers }, body, signal: both };
      const result = await exchange(url, addresses, request);
      this.#failing.answered(host);
      return result;
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      if (signal.aborted) return { kind: "stopped" };
      if (error instanceof CallbackUrlError) return { kind: "refused", detail };
      if (host !== undefined) this.#failing.failed(host, Date.now());
      if (limit.signal.aborted) return { kind: "timeout", detail: late.message };
      return { kind: "unreachable", detail };
    } finally {
      clearTimeout(timer);
    }
  }

  async #addresses(url: URL, signal: AbortSignal): Promise<readonly string[]> {
    const hostname = withoutBrackets(url.hostname);
    const found = isIP(hostname)
      ? [hostname]
      : await within(this.#resolve(hostname), { signals: [signal] });
    const allowed = found.filter((address) => this.#allow.admits(hostname, address));
    if (allowed.length > 0) return allowed;
    throw new CallbackUrlError(
      `${hostname} is at ${found.join(", ")}, which is not public; ` +
        "ENQUEUER_CALLBACK_ALLOW can list its subnet",
    );
  }
}

async function exchange(
  url: URL,
  addresses: readonly string[],
  request: Pick<Dispatcher.RequestOptions, "headers" | "body" | "signal">,
): Promise<PostResult> {
  const client = new Client(url.origin, {
    allowH2: false,
    // The signal keeps the time of the whole.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: 0, lookup: pinned(addresses) },
  });
  try {
    const path = url.pathname + url.search;
    const { statusCode: status, headers, body } = await client.request({
      ...request,
      method: "POST",
      path,
    });
    const retryAfter = headers["retry-after"];
    return {
      kind: "response",
      status,
      ...(typeof retryAfter === "string" ? { retryAfter } : {}),
      body: status >= 200 && status < 300 ? new Uint8Array(0) : await beginning(body),
    };
  } finally {
    await client.destroy();
  }
}

/** A connection to one of the addresses that were checked, whatever the name means by now. */
function pinned(addresses: readonly string[]): LookupFunction {
  const found = addresses.map((address) => ({ address, family: isIP(address) }));
  return (_hostname, { all }, callback) => {
    if (all) callback(null, found);
    else callback(null, found[0]?.address ?? "", found[0]?.family);
  };
}

/** What can be had of a body that is not needed: the status has said what matters. */
async function beginning(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const kept = new Uint8Array(mostBytes);
  let size = 0;
  try {
    for await (const chunk of body) {
      const part = chunk.subarray(0, mostBytes - size);
      kept.set(part, size);
      size += part.byteLength;
      if (size === mostBytes) break;
    }
  } catch {
    // It broke off, or came too slowly.
  }
  return kept.subarray(0, size);
}
