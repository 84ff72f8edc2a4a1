import { randomUUID } from "node:crypto";
import type { Client } from "./client.ts";

/** What the name of a channel begins with that somebody listens to for as long as it is connected. */
export const aliveChannel = "proxymq:alive:";

/**
 * Has the server know that a connection is there, for as long as it is: by a subscription, of which
 * a script can tell whether it still is.
 * @returns what the names of its consumers begin with, up to a slash; an empty text where that is
 * forbidden, and their leases alone tell.
 */
export async function showPresence(client: Client): Promise<string> {
  const id = randomUUID();
  return await client.subscribe(aliveChannel + id, () => {}).then(() => id, () => "");
}
