import { resolve } from "node:path";
import { BrokerUrlError } from "../errors.ts";

/**
 * The absolute path of the database file that a URL names: `sqlite:proxymq.db`,
 * `sqlite:./rel.db` or `sqlite:/abs/path.db`. What follows the scheme is a path as it stands:
 * nothing in it is percent-decoded.
 *
 * @throws {BrokerUrlError} no path, or one that does not name a file.
 */
export function databasePath(url: string): string {
  const path = url.replace(/^sqlite:/, "");
  const says = (what: string) =>
    new BrokerUrlError(
      `"${url}" ${what}; write sqlite:FILE, as in sqlite:proxymq.db or sqlite:/var/lib/proxymq.db`,
    );
  if (path === "") throw says("names no file");
  if (path.startsWith(":")) {
    throw says("is no file that processes can share (a broker in memory is memory:)");
  }
  if (/^\/\/[^/]/.test(path)) throw says("has a host in it");
  if (/[/\\]$/.test(path)) throw says("names a folder");
  if (path.includes("\0")) throw says("has a zero byte in it");
  return resolve(path);
}
