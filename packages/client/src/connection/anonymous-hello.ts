/** What a client says first where it proves nothing: its versions and what kind of program it is. */
import { create } from "@bufbuild/protobuf";
import { type ClientHello, ClientHelloSchema, PROTOCOL_MAX, PROTOCOL_MIN } from "@hawser/wire";
import type { ClientPorts } from "../ports.ts";

export function anonymousHello({ kind, version }: ClientPorts["platform"]): ClientHello {
  return create(ClientHelloSchema, { protocolMin: PROTOCOL_MIN, protocolMax: PROTOCOL_MAX, platform: kind, clientVersion: version });
}
