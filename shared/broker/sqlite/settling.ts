import type { Settlement } from "../broker.ts";
import { DeliveryLostError } from "../errors.ts";
import { type Consumer, Token } from "./consumer.ts";
import type { Peer } from "./peer.ts";
import { REPLY } from "./replies.ts";
import { settle } from "./settle.ts";

interface Item {
  readonly settlement: Settlement;
  readonly token: Token;
}

/**
 * {@link Broker.settle} of the SQLite driver.
 * @param consumers the handle's own: only what they were handed can be settled.
 */
export async function settleAll(
  peer: Peer,
  consumers: ReadonlySet<Consumer>,
  settlements: readonly Settlement[],
): Promise<void> {
  const items: Item[] = [];
  let lost = 0;
  for (const settlement of settlements) {
    const { token } = settlement.delivery;
    if (token === REPLY) continue;
    if (token instanceof Token && !token.settled && consumers.has(token.consumer)) {
      token.settled = true;
      items.push({ settlement, token });
    } else lost++;
  }
  if (items.length > 0) lost += await write(peer, items);
  if (lost === 0) return;
  throw new DeliveryLostError(
    `${lost} of ${settlements.length} deliveries had been settled or lost before`,
  );
}

/** @returns how many of them were no longer ours. */
async function write(peer: Peer, items: readonly Item[]): Promise<number> {
  const durable = items.some(({ settlement: { kind } }) => kind === "retry" || kind === "dead");
  try {
    return await peer.write((connection) => {
      const now = Date.now();
      let lost = 0;
      for (const { settlement, token } of items) {
        token.free();
        const settled = settle(connection, token.claim, settlement, now);
        if (!settled) lost++;
        if (settled?.touched !== undefined) peer.touch(settled.touched);
        if (settled?.due !== undefined) peer.due(settled.due);
      }
      return lost;
    }, { durable });
  } catch (error) {
    for (const { token } of items) token.free();
    peer.abandon(items.map(({ token }) => token.claim));
    throw error;
  }
}
