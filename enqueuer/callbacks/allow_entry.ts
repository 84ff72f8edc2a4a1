import { isIP } from "node:net";
import { addressPolicy } from "../../shared/http/address_policy.ts";

/** An entry of the list of what callbacks may go to. */
export type AllowEntry =
  /** An origin; with `wildcard` those of every host below `hostname`. */
  | {
    readonly kind: "origin";
    readonly protocol: "https:" | "http:";
    readonly wildcard: boolean;
    /** As `URL` writes it: in lower case, an IPv6 address in brackets. */
    readonly hostname: string;
    /** Empty for the scheme's own. */
    readonly port: string;
  }
  /** Addresses that are not public, and yet may be connected to. */
  | { readonly kind: "subnet"; readonly subnet: string };

/** The form of an {@link AllowEntry}, in words. */
export const allowEntryForm = "hosts (example.com, example.com:8443, *.example.com; https alone, " +
  "unless written as http://example.com) and subnets (10.0.0.0/8)";

/** Reads an entry of the list; undefined if it is none. */
export function parseAllowEntry(text: string): AllowEntry | undefined {
  if (text.includes("/") && !text.includes("://")) return parseSubnet(text);
  const [, scheme = "https", star, rest = ""] = /^(?:(https?):\/\/)?(\*\.)?([^/?#@\\\s]+)$/i
    .exec(text) ?? [];
  const base = `${scheme}://${rest}`;
  if (!URL.canParse(base)) return undefined;
  const { protocol, hostname, port } = new URL(base);
  const isName = /^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/.test(hostname) && isIP(hostname) === 0;
  if (!isName && (star !== undefined || isIP(withoutBrackets(hostname)) === 0)) return undefined;
  return {
    kind: "origin",
    protocol: protocol === "http:" ? "http:" : "https:",
    wildcard: star !== undefined,
    hostname,
    port,
  };
}

function parseSubnet(subnet: string): AllowEntry | undefined {
  try {
    addressPolicy([subnet]);
    return { kind: "subnet", subnet };
  } catch {
    return undefined;
  }
}

/** A host name of a URL, without the brackets that an IPv6 address has there. */
export function withoutBrackets(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, "$1");
}
