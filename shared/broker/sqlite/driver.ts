/**
 * The embedded broker: a SQLite database file that any number of processes on one machine open.
 *
 * What is confirmed is on disk: publishing, `retry` and `dead` wait for the disk, in one
 * transaction for each turn of the event loop. Fetching, `ack`, `release` and replies do not: they
 * survive the death of any process, and after a power cut at worst a message comes again.
 *
 * @module
 */
import type { Broker, BrokerOptions } from "../broker.ts";
import { SqliteBroker } from "./handle.ts";
import { databasePath } from "./location.ts";
import { acquirePeer } from "./peers.ts";

/**
 * Opens the broker in a database file, which is made if it does not exist. Handles on one path in
 * one process share a connection.
 *
 * On Deno it needs `--allow-read` and `--allow-write` for the file and for `<file>-wake`, the
 * folder by which processes wake each other; without the latter they find out within 50 ms.
 *
 * @param url `sqlite:FILE`; a relative path is relative to the working directory.
 * @throws {BrokerUrlError} the URL names no file.
 * @throws {BrokerUnavailableError} the file cannot be opened.
 * @throws {BrokerError} the file is another program's, or a newer version's.
 */
export async function open(url: string, options: BrokerOptions): Promise<Broker> {
  const path = databasePath(url);
  return new SqliteBroker(await acquirePeer(path), options);
}
