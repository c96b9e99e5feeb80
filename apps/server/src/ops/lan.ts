/** The addresses by which other machines of the local network reach this one. */
import { isIPv6 } from "node:net";
import { networkInterfaces } from "node:os";

/** Usable addresses, IPv4 first; no loopback, no link-local ones (browsers take no zone in an address). */
export function lanAddresses(): string[] {
  const found = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, address }) => !internal && !/^(fe80:|169\.254\.)/i.test(address))
    .map(({ address }) => address);
  return [...found.filter((address) => !isIPv6(address)), ...found.filter(isIPv6)];
}
