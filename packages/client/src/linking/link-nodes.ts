/**
 * Connections to the other servers that relay this server's links, while a link is under way and no longer. A node is told nothing but
 * rendezvous ids and sealed slots: the connection is anonymous. docs/PROTOCOL.md, "Other nodes".
 */
import { MAX_LINK_NODES, type RendezvousMessage } from "@hawser/wire";
import { type Connection, createConnection } from "../connection/connection.ts";
import { anonymousHello } from "../connection/anonymous-hello.ts";
import type { DeviceLink } from "../connection/server-link.ts";
import type { ClientPorts } from "../ports.ts";

/** `https://host[:port]`, as browsers write it. */
const ORIGIN = /^https?:\/\/[a-z0-9.\-[\]:]{1,253}$/;

export interface LinkNodeEvents {
  /** It can take requests, from now on or again. */
  readonly online: (place: string, link: DeviceLink) => void;
  readonly slot: (place: string, message: RendezvousMessage) => void;
}

export interface LinkNodes {
  /** Connects to every node that the server names, and stays with them; repeats do nothing. */
  start(events: LinkNodeEvents): void;
  stop(): void;
  /** Those that can take requests, by their address. */
  online(): ReadonlyMap<string, DeviceLink>;
}

export function createLinkNodes(ports: ClientPorts, named: () => readonly string[]): LinkNodes {
  const connections = new Map<string, Connection>();

  const connect = (address: string, events: LinkNodeEvents): Connection => {
    // Their answers are for pages of their own only where they come over HTTP: a socket it is, or nothing.
    const { otherTransports: _, ...own } = ports;
    const connection = createConnection(
      { ...own, origin: address, serverUrl: address },
      {
        hello: () => anonymousHello(ports.platform),
        checkRevocation: () => false,
        revoked: () => undefined,
        welcome: () => events.online(address, connection),
        push: ({ event }) => {
          if (event.case === "rendezvousMessage") events.slot(address, event.value);
        },
        batch: () => undefined,
        lost: () => undefined,
        clockLeapt: () => undefined,
        status: () => undefined,
        stepped: () => undefined,
      },
      { load: () => undefined, save: () => undefined },
    );
    return connection;
  };

  return {
    start(events) {
      for (const address of parseLinkNodes(named(), ports.origin)) {
        if (connections.has(address)) continue;
        const connection = connect(address, events);
        connections.set(address, connection);
        connection.start("anonymous");
      }
    },
    stop() {
      for (const connection of connections.values()) connection.stop();
      connections.clear();
    },
    online: () => new Map([...connections].filter(([, { online }]) => online)),
  };
}

/** What a server may send us to: other origins, and none without TLS from a page that has it. */
export function parseLinkNodes(named: readonly string[], origin: string): string[] {
  const fits = (address: string): boolean =>
    ORIGIN.test(address) && address !== origin && (address.startsWith("https:") || origin.startsWith("http:"));
  return [...new Set(named.filter(fits))].slice(0, MAX_LINK_NODES);
}
