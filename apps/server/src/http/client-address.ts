/**
 * Whose request it is, for rate limits only. Invariant: X-Forwarded-For counts only as far as configured proxies vouch for
 * it; an IPv6 network of 64 bits is one client, because one client has all of it.
 */
import type { IncomingMessage } from "node:http";
import { BlockList, isIP, isIPv6 } from "node:net";

export type ClientAddressOf = (request: IncomingMessage) => string;

/** @throws RangeError for something that is neither an address nor a network. */
export function clientAddresses(trustedProxies: readonly string[] = []): ClientAddressOf {
  const trusted = new BlockList();
  for (const network of trustedProxies) addNetwork(trusted, network);
  return (request) => {
    let address = plainAddress(request.socket.remoteAddress ?? "");
    const forwarded = String(request.headers["x-forwarded-for"] ?? "")
      .split(",")
      .map((hop) => plainAddress(hop.trim()));
    while (forwarded.length > 0 && isTrusted(trusted, address)) {
      const hop = forwarded.pop()!;
      if (isIP(hop) === 0) break;
      address = hop;
    }
    return limitKey(address);
  };
}

/** Only a connection from this machine that no proxy forwarded. */
export function isLocalRequest(request: IncomingMessage): boolean {
  const address = plainAddress(request.socket.remoteAddress ?? "");
  const forwarded = request.headers["x-forwarded-for"] ?? request.headers.forwarded ?? request.headers["x-real-ip"];
  return forwarded === undefined && (address === "::1" || address.startsWith("127."));
}

function addNetwork(list: BlockList, network: string): void {
  const [address = "", bits] = network.split("/");
  const version = isIP(address);
  if (version === 0) throw new RangeError("a trusted proxy is an address or a network in CIDR notation");
  const family = version === 6 ? "ipv6" : "ipv4";
  if (bits === undefined) list.addAddress(address, family);
  else list.addSubnet(address, Number(bits), family);
}

function isTrusted(list: BlockList, address: string): boolean {
  const version = isIP(address);
  return version !== 0 && list.check(address, version === 6 ? "ipv6" : "ipv4");
}

const plainAddress = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, "").replace(/%.*$/, "");

function limitKey(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = "", tail] = address.split("::");
  const groups = head === "" ? [] : head.split(":");
  const rest = tail === undefined || tail === "" ? [] : tail.split(":");
  const full = tail === undefined ? groups : [...groups, ...Array<string>(Math.max(0, 8 - groups.length - rest.length)).fill("0"), ...rest];
  return `${full.slice(0, 4).join(":")}::/64`;
}
