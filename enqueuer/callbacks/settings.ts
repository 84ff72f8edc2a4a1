import { type Config, ConfigError } from "../../shared/config/config.ts";
import { duration, integer, listOf } from "../../shared/config/variable.ts";
import { allowEntryForm, parseAllowEntry } from "./allow_entry.ts";
import { AllowList } from "./allow_list.ts";
import type { CallbackRetry } from "./outcome.ts";
import { parseSecret, secretForm, type SigningKey } from "./signature.ts";

/** The environment variables of callbacks. */
export const callbackVariables = {
  ENQUEUER_CALLBACK_ALLOW: listOf(parseAllowEntry, allowEntryForm, {
    description:
      "The hosts that `ProxyMQ-Callback` may name. `*.example.com` is every host below " +
      "example.com; a host without a port is listed for the scheme's own. Addresses that are not " +
      "public (private, loopback, link-local ...) are connected to only if the host is such an " +
      "address or `localhost`, or the address is in a listed subnet. Without it callbacks are off.",
  }),
  ENQUEUER_CALLBACK_SECRET: listOf(parseSecret, secretForm, {
    description: "What callbacks are signed with. With several each of them signs, so that " +
      "receivers can change from one to the next. Needed with `ENQUEUER_CALLBACK_ALLOW`.",
    secret: "all",
  }),
  ENQUEUER_CALLBACK_TIMEOUT: duration({
    description: "How long the receiver of a callback may take.",
    default: "15s",
  }),
  ENQUEUER_CALLBACK_MAX_ATTEMPTS: integer(1, 1_000, {
    description: "How often a callback is tried before it becomes a dead letter of the service " +
      "`proxymq-callbacks`.",
    default: "15",
  }),
  ENQUEUER_CALLBACK_RETRY_BASE: duration({
    description: "The longest wait before a callback's first retry; it doubles with each further " +
      "one. The wait is random up to that, and no shorter than `Retry-After`.",
    default: "10s",
  }),
  ENQUEUER_CALLBACK_RETRY_MAX: duration({
    description:
      "The longest wait before a callback's retry, and the most that `Retry-After` can " +
      "ask for.",
    default: "6h",
  }),
};

type CallbackConfig = Config<typeof callbackVariables>;

/** How callbacks are delivered. */
export interface CallbackSettings {
  readonly allow: AllowList;
  readonly keys: readonly SigningKey[];
  /** For one delivery, milliseconds. */
  readonly timeoutMs: number;
  readonly retry: CallbackRetry;
}

/**
 * How callbacks are delivered; undefined if they are off.
 * @throws {ConfigError} one of the two that switch them on is set without the other.
 */
export function callbackSettings(config: CallbackConfig): CallbackSettings | undefined {
  const { ENQUEUER_CALLBACK_ALLOW: entries = [], ENQUEUER_CALLBACK_SECRET: keys = [] } = config;
  if (entries.length === 0 && keys.length === 0) return undefined;
  if (keys.length === 0) {
    throw new ConfigError([
      "ENQUEUER_CALLBACK_SECRET is not set, and ENQUEUER_CALLBACK_ALLOW is; " +
      `allowed are ${secretForm}`,
    ]);
  }
  if (!entries.some(({ kind }) => kind === "origin")) {
    throw new ConfigError([
      "ENQUEUER_CALLBACK_ALLOW names no host, and ENQUEUER_CALLBACK_SECRET is set; " +
      `allowed are ${allowEntryForm}`,
    ]);
  }
  return {
    allow: new AllowList(entries),
    keys,
    timeoutMs: config.ENQUEUER_CALLBACK_TIMEOUT,
    retry: {
      maxAttempts: config.ENQUEUER_CALLBACK_MAX_ATTEMPTS,
      backoff: {
        baseMs: config.ENQUEUER_CALLBACK_RETRY_BASE,
        maxMs: config.ENQUEUER_CALLBACK_RETRY_MAX,
      },
    },
  };
}
