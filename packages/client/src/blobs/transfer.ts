/**
 * Blobs over plain HTTP: a grant, then the bytes; resumable when large. Blobs are named by the SHA-256 of their ciphertext, so a
 * repeated upload is harmless and a download proves itself. docs/PROTOCOL.md, "Blobs".
 */
import { type BlobId, type Bytes, type Http, type HttpResponse, OperationalError, type Primitives, toHex } from "@hawser/base";
import { BlobPurpose } from "@hawser/wire";
import { BLOB_PIECE_BYTES, BLOB_TIMEOUT_MS, MAX_PIECES_PER_UPLOAD } from "../bounds.ts";
import type { ServerLink } from "../connection/server-link.ts";

const PURPOSES = { attachment: BlobPurpose.ATTACHMENT, history: BlobPurpose.HISTORY, archive: BlobPurpose.ARCHIVE } as const;
export type UploadPurpose = keyof typeof PURPOSES;

export interface BlobTransfer {
  /** Resolves when the server has it. Repeating it is cheap. */
  upload(id: BlobId, bytes: Bytes, purpose: UploadPurpose): Promise<void>;
  /** The ciphertext, checked against its id. Rejects with BLOB_UNKNOWN, BLOB_MISMATCH, or what HTTP says. */
  download(id: BlobId, maxBytes: number): Promise<Bytes>;
}

interface Ports {
  readonly http: Http;
  readonly primitives: Primitives;
  readonly serverUrl: string;
}

export function createBlobTransfer(ports: Ports, link: ServerLink): BlobTransfer {
  const base = `${ports.serverUrl.replace(/\/+$/, "")}/v1/blobs`;
  const answer = { timeoutMs: BLOB_TIMEOUT_MS, maxResponseBytes: 65_536 };

  const put = async (id: BlobId, bytes: Bytes, authorization: string): Promise<void> => {
    expectStatus(
      await ports.http.request({
        method: "PUT",
        url: `${base}/${id}`,
        headers: { authorization, "content-type": "application/octet-stream" },
        body: bytes,
        ...answer,
      }),
    );
  };

  /** From wherever an earlier try got to. */
  const putInPieces = async (id: BlobId, bytes: Bytes, authorization: string): Promise<void> => {
    const url = `${base}/${id}/upload`;
    const head = await ports.http.request({ method: "HEAD", url, headers: { authorization }, ...answer });
    let offset = head.status === 404 ? 0 : readOffset(expectStatus(head));
    for (let piece = 0; offset < bytes.length && piece < MAX_PIECES_PER_UPLOAD; piece++) {
      const headers = {
        authorization,
        "content-type": "application/offset+octet-stream",
        "upload-offset": String(offset),
        "upload-length": String(bytes.length),
      };
      const body = bytes.subarray(offset, offset + BLOB_PIECE_BYTES);
      offset = readOffset(expectStatus(await ports.http.request({ method: "PATCH", url, headers, body, ...answer })));
    }
  };

  return {
    async upload(id, bytes, purpose) {
      const there = await ports.http.request({ method: "HEAD", url: `${base}/${id}`, ...answer });
      if (there.status === 200) return;
      const grant = await link.request("grantUpload", {
        purpose: PURPOSES[purpose],
        sizeBytes: BigInt(bytes.length),
      });
      const authorization = `Bearer ${grant.ticket}`;
      await (bytes.length <= BLOB_PIECE_BYTES ? put : putInPieces)(id, bytes, authorization);
    },
    async download(id, maxBytes) {
      const response = await ports.http.request({
        method: "GET",
        url: `${base}/${id}`,
        timeoutMs: BLOB_TIMEOUT_MS,
        maxResponseBytes: maxBytes,
      });
      const { body } = expectStatus(response);
      if (toHex(ports.primitives.sha256(body)) !== id) throw new OperationalError("BLOB_MISMATCH");
      return body;
    },
  };
}

function readOffset(response: HttpResponse): number {
  const offset = Number(response.headers["upload-offset"]);
  if (!Number.isSafeInteger(offset) || offset < 0) throw new OperationalError("UNEXPECTED_FRAME", { retry: "now" });
  return offset;
}

function expectStatus(response: HttpResponse): HttpResponse {
  const { status } = response;
  if (status >= 200 && status < 300) return response;
  if (status === 404 || status === 410) throw new OperationalError("BLOB_UNKNOWN");
  if (status === 422) throw new OperationalError("BLOB_MISMATCH");
  if (status === 401 || status === 403) throw new OperationalError("BLOB_TICKET_INVALID", { retry: "now" });
  if (status === 413 || status === 507) throw new OperationalError("QUOTA_EXCEEDED");
  const seconds = Number(response.headers["retry-after"]);
  throw new OperationalError("STORE_UNAVAILABLE", {
    retry: { afterMs: Number.isFinite(seconds) && seconds > 0 ? seconds * 1_000 : 1_000 },
  });
}
