/**
 * Requests: everything a client asks that is not a hot frame. Invariant: each Request gets exactly one Response with its id,
 * a fault of the caller or of a store is a typed Failure, and a refused request changed nothing.
 * docs/PROTOCOL.md, "Requests".
 */
import type { DeviceAddress, DeviceNumber } from "@hawser/base";
import type { Push, Request, Response } from "@hawser/wire";

/** One connection, as operations see it. The object itself is the identity of the connection. */
export interface Caller {
  /** `undefined` on an anonymous connection. */
  readonly address: DeviceAddress | undefined;
  /** The client's network address, used as a key of rate limits only; never stored, never logged. */
  readonly remoteAddress: string;
  push(push: Push): void;
  /** Whether another device of the caller's account is connected now. */
  isConnected(device: DeviceNumber): boolean;
}

/** A number for each kind of one-time key. */
export interface PreKeysLeft {
  readonly oneTime: number;
  readonly kem: number;
}

export interface Operations {
  /** A device has authenticated. Optional: a connection is known at the latest from its first request. */
  connected(caller: Caller): void;
  /** Never throws and never rejects. The pushes it causes may come before its answer. */
  handle(caller: Caller, request: Request): Response | Promise<Response>;
  /** The connection is gone: its watches end. */
  disconnected(caller: Caller): void;
  /** For Welcome. Zeros when the store does not answer: the client uploads, idempotently. */
  preKeysLeft(address: DeviceAddress): PreKeysLeft;
  /** For Welcome: the highest ids of one-time keys the device has uploaded. Zeros when the store does not answer. */
  highestPreKeys(address: DeviceAddress): PreKeysLeft;
}
