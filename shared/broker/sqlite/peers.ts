import { setTimeout } from "node:timers/promises";
import { BrokerError } from "../errors.ts";
import { Peer } from "./peer.ts";
import { isBusy, unavailable } from "./sqlite_error.ts";

/** How long opening waits for others that are just making or closing the database. */
const OPEN_DEADLINE = 5_000;
const PAUSE = 5;

interface Shared {
  readonly peer: Promise<Peer>;
  users: number;
}

const peers = new Map<string, Shared>();

/**
 * The process's place at a database file: made by the first that asks for it, closed when the
 * last has released it.
 *
 * @throws {BrokerError} the file cannot be opened, or is not ours.
 */
export async function acquirePeer(path: string): Promise<Peer> {
  let shared = peers.get(path);
  if (!shared) peers.set(path, shared = { peer: openPeer(path), users: 0 });
  shared.users++;
  try {
    return await shared.peer;
  } catch (error) {
    if (peers.get(path) === shared) peers.delete(path);
    throw error;
  }
}

export async function releasePeer(path: string): Promise<void> {
  const shared = peers.get(path);
  if (!shared || --shared.users > 0) return;
  peers.delete(path);
  await (await shared.peer).close();
}

async function openPeer(path: string): Promise<Peer> {
  const deadline = Date.now() + OPEN_DEADLINE;
  for (;;) {
    let peer: Peer | undefined;
    try {
      peer = new Peer(path);
      await peer.write(() => {}, { durable: false });
      return peer;
    } catch (error) {
      await peer?.close();
      if (error instanceof BrokerError) throw error;
      if (!isBusy(error) || Date.now() > deadline) throw unavailable(path, error);
      await setTimeout(PAUSE);
    }
  }
}
