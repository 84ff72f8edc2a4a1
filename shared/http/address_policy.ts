import { BlockList, isIP } from "node:net";

/** Which addresses may be connected to. */
export interface AddressPolicy {
  /** @param hostname as in the URL, lower case, an IPv6 address without its brackets. */
  admits(hostname: string, address: string): boolean;
}

/** `true` for every address, else host names, addresses and subnets (`10.0.0.0/8`). */
export type AllowPrivate = true | readonly string[];

const notPublicIPv4 = blockList("ipv4", [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
]);

// Everything outside it is loopback, link-local, unique local, multicast, IPv4 in disguise
// (::ffff:0:0/96, 64:ff9b::/96) or unassigned.
const globalIPv6 = blockList("ipv6", ["2000::/3"]);

// Teredo and 6to4 carry an IPv4 address of anybody's choice; the others are for documentation.
const notPublicIPv6 = blockList("ipv6", ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"]);

/** Whether an address is one of the public internet. What is no address is not. */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !notPublicIPv4.check(address, "ipv4");
    case 6:
      return globalIPv6.check(address, "ipv6") && !notPublicIPv6.check(address, "ipv6");
    default:
      return false;
  }
}

/**
 * Admits public addresses and those that are allowed by name.
 * @throws {TypeError} an entry is no host name, address or subnet.
 */
export function addressPolicy(allow: AllowPrivate): AddressPolicy {
  if (allow === true) return { admits: () => true };
  const names = new Set<string>();
  const addresses = { 4: new BlockList(), 6: new BlockList() };
  for (const entry of allow) {
    const [address = "", prefix] = entry.split("/");
    const family = isIP(address);
    if (family === 4 || family === 6) {
      const bits = prefix === undefined ? family === 4 ? 32 : 128 : prefixLength(entry, prefix);
      addSubnet(addresses[family], entry, address, bits, family === 4 ? "ipv4" : "ipv6");
    } else if (/^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/i.test(entry)) {
      names.add(entry.toLowerCase());
    } else {
      throw new TypeError(notAnEntry(entry));
    }
  }
  return {
    admits(hostname, address) {
      if (isPublicAddress(address) || names.has(hostname.replace(/\.$/, ""))) return true;
      const family = isIP(address);
      if (family === 4) return addresses[4].check(address, "ipv4");
      return family === 6 && addresses[6].check(address, "ipv6");
    },
  };
}

function blockList(family: "ipv4" | "ipv6", subnets: readonly string[]): BlockList {
  const list = new BlockList();
  for (const subnet of subnets) {
    const [address = "", prefix] = subnet.split("/");
    list.addSubnet(address, Number(prefix), family);
  }
  return list;
}

function prefixLength(entry: string, prefix: string): number {
  if (!/^\d{1,3}$/.test(prefix)) throw new TypeError(notAnEntry(entry));
  return Number(prefix);
}

function addSubnet(
  list: BlockList,
  entry: string,
  address: string,
  bits: number,
  family: "ipv4" | "ipv6",
): void {
  try {
    list.addSubnet(address, bits, family);
  } catch (cause) {
    throw new TypeError(notAnEntry(entry), { cause });
  }
}

function notAnEntry(entry: string): string {
  return `"${entry}" is no host name, address or subnet (localhost, 10.1.2.3, 10.0.0.0/8)`;
}
