/** How calls and replies go through RabbitMQ. */
export interface Setting {
  /** As it stands in the table. */
  readonly name: string;
  readonly queueType: "quorum" | "classic";
  /** Whether a request is confirmed before anything else is done with it. */
  readonly confirmRequests: boolean;
  /** Whether a reply is confirmed before its request is acknowledged. */
  readonly confirmReplies: boolean;
  /** How many requests a worker has at most that are not acknowledged. */
  readonly prefetch: number;
  /** How many pairs of connections each side has; one of a pair publishes, the other consumes. */
  readonly pairs: number;
  /** The largest frame that the server allows, bytes. */
  readonly frameMax: number;
  /** The size of a body, bytes. */
  readonly bytes: number;
}

/** What ProxyMQ does unless it is told otherwise. */
export const asShipped: Setting = {
  name: "as shipped: quorum, confirms, prefetch 100, one pair of connections",
  queueType: "quorum",
  confirmRequests: true,
  confirmReplies: true,
  prefetch: 100,
  pairs: 1,
  frameMax: 131_072,
  bytes: 100,
};

const unconfirmed = { confirmRequests: false, confirmReplies: false };
const large: Setting = {
  ...asShipped,
  name: "bodies of 256 KiB, frames of 128 KiB (as shipped)",
  bytes: 262_144,
};

/** What is compared: each list with its first one. */
export const settings: readonly (readonly [Setting, ...Setting[]])[] = [
  [
    asShipped,
    { ...asShipped, name: "classic queue", queueType: "classic" },
    { ...asShipped, name: "replies not confirmed", confirmReplies: false },
    { ...asShipped, name: "nothing confirmed", ...unconfirmed },
    { ...asShipped, name: "classic, nothing confirmed", queueType: "classic", ...unconfirmed },
    { ...asShipped, name: "prefetch 1", prefetch: 1 },
    { ...asShipped, name: "prefetch 10", prefetch: 10 },
    { ...asShipped, name: "prefetch 1,000", prefetch: 1_000 },
    { ...asShipped, name: "two pairs of connections", pairs: 2 },
    { ...asShipped, name: "four pairs of connections", pairs: 4 },
  ],
  [
    large,
    { ...large, name: "frames of 32 KiB", frameMax: 32_768 },
    { ...large, name: "frames of 8 KiB", frameMax: 8_192 },
  ],
];
