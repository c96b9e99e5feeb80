/**
 * What the pure packages need from the world, and nothing more. Real implementations are made at the composition roots
 * (`io-node`, `io-web`), virtual ones in tests and in the simulator.
 */
import type { Bytes } from "./bytes.ts";

export interface Random {
  /** Fresh cryptographically secure bytes; the caller owns the array. */
  bytes(sizeBytes: number): Bytes;
}

export interface Clock {
  /** Milliseconds since 1970 by the device's own clock. It may jump; nothing destructive may depend on it. */
  nowMs(): number;
  /** Milliseconds since an arbitrary start; never goes back. */
  monotonicMs(): number;
  /** Runs `callback` once after `delayMs`; returns a function that cancels it. */
  after(delayMs: number, callback: () => void): () => void;
}

export type SqlValue = string | number | bigint | Uint8Array | null;
export type SqlRow = Record<string, SqlValue>;

/** A prepared statement. Parameters are positional (`?`). Integers outside ±2^53 are refused. */
export interface SqlStatement {
  run(...parameters: readonly SqlValue[]): { readonly changes: number };
  get<Row = SqlRow>(...parameters: readonly SqlValue[]): Row | undefined;
  all<Row = SqlRow>(...parameters: readonly SqlValue[]): Row[];
}

/**
 * One SQLite connection, synchronous on every platform (`node:sqlite`, `sqlite-wasm` in a worker). A transaction that
 * returned is durable; one that threw left nothing behind. Transactions do not nest.
 */
export interface SqlDatabase {
  /** Runs statements without parameters (schema, pragmas). */
  exec(sql: string): void;
  /** Prepares once and caches by text. */
  prepare(sql: string): SqlStatement;
  transaction<T>(body: () => T): T;
  readonly inTransaction: boolean;
  close(): void;
}

/** One two-way stream of whole frames to the server, whatever carries it. */
export interface FrameConnection {
  send(frame: Bytes): void;
  /** Bytes given to `send` that have not left this process yet. */
  readonly bufferedBytes: number;
  close(code: number, reason: string): void;
}

export interface FrameConnectionEvents {
  opened(): void;
  frame(frame: Bytes): void;
  /** Called exactly once, also when the connection never opened. `code` 1006 when the peer said nothing. */
  closed(code: number, reason: string): void;
}

/** Opens connections of one kind (`websocket`, `sse`, `poll`). Never throws: failure is `closed`. */
export interface Transport {
  readonly kind: string;
  open(url: string, events: FrameConnectionEvents): FrameConnection;
}

/** One HTTP exchange whose answer is read as it comes. */
export interface HttpExchange {
  /** Rejects when no answer came, or after `cancel`; so does reading the body. The body is read to its end or cancelled. */
  readonly answer: Promise<{ readonly status: number; readonly body: AsyncIterable<Bytes> }>;
  /** Ends it in whatever state it is. */
  cancel(): void;
}

/** HTTP for frames where WebSockets do not get through: without cookies, cache, redirects or a deadline of its own. */
export interface StreamingHttp {
  begin(request: { readonly method: "GET" | "POST" | "DELETE"; readonly url: string; readonly body?: Bytes }): HttpExchange;
}

export interface HttpRequest {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Bytes;
  readonly timeoutMs: number;
  readonly maxResponseBytes: number;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Bytes;
}

/** Plain requests for blobs. Rejects with an `OperationalError` when no answer came. */
export interface Http {
  request(request: HttpRequest): Promise<HttpResponse>;
}

/**
 * Primitives that a platform may offer natively. `@hawser/crypto` brings pure ones (`purePrimitives`); `io-node` injects
 * native ones. Both give the same bytes: one test suite runs against both. All functions are synchronous.
 */
/** ECDSA on P-256 with SHA-256: `publicKey` is an uncompressed point (65 bytes), `signature` r ‖ s (64 bytes). False for whatever does not verify. */
export type VerifyP256 = (publicKey: Bytes, message: Bytes, signature: Bytes) => Promise<boolean>;

export interface Primitives {
  sha256(data: Bytes): Bytes;
  sha512(data: Bytes): Bytes;
  hmacSha256(key: Bytes, data: Bytes): Bytes;
  /** RFC 5869 extract-and-expand with SHA-256. */
  hkdfSha256(inputKey: Bytes, salt: Bytes, info: Bytes, sizeBytes: number): Bytes;
  /** RFC 7748. Public key of a 32-byte secret. */
  x25519PublicKey(secretKey: Bytes): Bytes;
  /** RFC 7748. Shared secret; `undefined` when it is all zero (a low-order public key). */
  x25519(secretKey: Bytes, publicKey: Bytes): Bytes | undefined;
  /** RFC 8032. Public key of a 32-byte seed. */
  ed25519PublicKey(seed: Bytes): Bytes;
  ed25519Sign(seed: Bytes, message: Bytes): Bytes;
  /** Strict RFC 8032 verification; false for malformed keys and signatures. */
  ed25519Verify(publicKey: Bytes, message: Bytes, signature: Bytes): boolean;
  /** AES-256-GCM with a 12-byte nonce; the 16-byte tag is appended. */
  aes256GcmSeal(key: Bytes, nonce: Bytes, plaintext: Bytes, associatedData: Bytes): Bytes;
  /** `undefined` when the tag does not fit. */
  aes256GcmOpen(key: Bytes, nonce: Bytes, ciphertext: Bytes, associatedData: Bytes): Bytes | undefined;
  /** AES-256-CBC with PKCS#7 padding, as the Double Ratchet's message encryption uses it. */
  aes256CbcEncrypt(key: Bytes, iv: Bytes, plaintext: Bytes): Bytes;
  /** `undefined` when the padding is wrong. Only call after the MAC was checked. */
  aes256CbcDecrypt(key: Bytes, iv: Bytes, ciphertext: Bytes): Bytes | undefined;
  /** FIPS 203, ML-KEM-1024. Keys from a 64-byte seed (d ‖ z). */
  mlKem1024Keys(seed: Bytes): { readonly publicKey: Bytes; readonly secretKey: Bytes };
  /** `undefined` when the public key fails FIPS 203 §7.2's check. `entropy` is 32 bytes. */
  mlKem1024Encapsulate(publicKey: Bytes, entropy: Bytes): { readonly ciphertext: Bytes; readonly sharedSecret: Bytes } | undefined;
  mlKem1024Decapsulate(secretKey: Bytes, ciphertext: Bytes): Bytes | undefined;
}
