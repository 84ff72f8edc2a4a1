import { isIP } from "node:net";
import { addressPolicy, isPublicAddress } from "../../shared/http/address_policy.ts";
import { type AllowEntry, withoutBrackets } from "./allow_entry.ts";

/** A URL that callbacks may not go to; the message says why, and what is allowed. */
export class CallbackUrlError extends Error {
  override name = "CallbackUrlError";
}

/** The longest URL of a callback, characters. */
const maxUrlLength = 2_048;

/** Where callbacks may go to: by their URL, and then by the address that its host has. */
export class AllowList {
  readonly #origins: readonly Extract<AllowEntry, { kind: "origin" }>[];
  readonly #admits: (hostname: string, address: string) => boolean;

  constructor(entries: readonly AllowEntry[]) {
    this.#origins = entries.filter((entry) => entry.kind === "origin");
    const subnets = entries.flatMap((entry) => entry.kind === "subnet" ? [entry.subnet] : []);
    const hosts = this.#origins.filter(({ wildcard }) => !wildcard).map(({ hostname }) => hostname);
    const literals = new Set(hosts.map(withoutBrackets).filter((host) => isIP(host) !== 0));
    // Its name says that it is this machine; any other name may be anybody's.
    const policy = addressPolicy([...subnets, ...hosts.filter((host) => host === "localhost")]);
    this.#admits = (hostname, address) =>
      policy.admits(hostname, address) || (hostname === address && literals.has(hostname));
  }

  /**
   * Reads a URL that a callback is to go to.
   * @throws {CallbackUrlError} it is no URL, or none of a listed host.
   */
  read(text: string): URL {
    if (text.length > maxUrlLength) {
      throw new CallbackUrlError(
        `it has ${text.length} characters; allowed are ${maxUrlLength}`,
      );
    }
    if (!/^https?:\/\/[\x21-\x7e]+$/i.test(text) || !URL.canParse(text)) {
      throw new CallbackUrlError("it is not one absolute https: or http: URL");
    }
    const url = new URL(text);
    if (url.username !== "" || url.password !== "") {
      throw new CallbackUrlError("it holds a user name or a password, which is not allowed");
    }
    if (!this.#origins.some((origin) => matches(origin, url))) {
      throw new CallbackUrlError(
        `ENQUEUER_CALLBACK_ALLOW does not list ${url.protocol}//${url.host}; a host is listed for ` +
          "https: alone, unless with http://, and for no other port than it says",
      );
    }
    url.hash = "";
    return url;
  }

  /**
   * Whether an address of a listed host may be connected to: a public one, one in a listed subnet,
   * `localhost`'s if that is listed, and one that is itself the listed host.
   * @param hostname as in the URL, an IPv6 address without its brackets.
   */
  admits(hostname: string, address: string): boolean {
    return isPublicAddress(address) || this.#admits(hostname, address);
  }
}

function matches(
  { protocol, wildcard, hostname, port }: Extract<AllowEntry, { kind: "origin" }>,
  url: URL,
): boolean {
  return url.protocol === protocol && url.port === port &&
    (wildcard ? url.hostname.endsWith(`.${hostname}`) : url.hostname === hostname);
}
