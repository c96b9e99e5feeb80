/** History jobs of both directions and the chunks a sink knows. Everything a job needs to go on after any crash. */
import type { SqlDatabase } from "@hawser/base";
import type { ChunkReference } from "@hawser/sync";

export interface HistoryJobRow {
  readonly job: string;
  readonly direction: "source" | "sink";
  readonly device: number;
  /** JSON of `SourceState` or `SinkJob`. */
  readonly state: unknown;
  readonly finished: boolean;
  readonly createdAtMs: number;
}

export interface HistoryJobStore {
  find(job: string): HistoryJobRow | undefined;
  list(): HistoryJobRow[];
  put(row: HistoryJobRow): void;
  delete(job: string): void;
  /** Its chunks were made anew: those known are another's. */
  forgetChunks(job: string): void;
  /** Adds a reference, or replaces one whose blob the source uploaded again. */
  putChunk(job: string, chunk: ChunkReference): void;
  chunks(job: string): { readonly references: ChunkReference[]; readonly committed: Set<number> };
  isCommitted(job: string, index: number): boolean;
  markCommitted(job: string, index: number): void;
}

interface JobRow {
  readonly job: string;
  readonly direction: number;
  readonly device: number;
  readonly state: string;
  readonly finished: number;
  readonly created_at_ms: number;
}

interface ChunkRow {
  readonly idx: number;
  readonly blob: string;
  readonly key: Uint8Array;
  readonly message_count: number;
  readonly size_bytes: number;
  readonly committed: number;
}

export function openHistoryJobs(database: SqlDatabase): HistoryJobStore {
  const toJob = (row: JobRow): HistoryJobRow => ({
    job: row.job,
    direction: row.direction === 0 ? "source" : "sink",
    device: row.device,
    state: JSON.parse(row.state),
    finished: row.finished === 1,
    createdAtMs: row.created_at_ms,
  });
  return {
    find(job) {
      const row = database.prepare("SELECT * FROM history_jobs WHERE job = ?").get<JobRow>(job);
      return row === undefined ? undefined : toJob(row);
    },
    list: () => database.prepare("SELECT * FROM history_jobs ORDER BY created_at_ms").all<JobRow>().map(toJob),
    put(row) {
      database
        .prepare(
          `INSERT INTO history_jobs (job, direction, device, state, finished, created_at_ms) VALUES (?, ?, ?, ?, ?, ?)
           ON CONFLICT (job) DO UPDATE SET state = excluded.state, finished = excluded.finished`,
        )
        .run(row.job, row.direction === "source" ? 0 : 1, row.device, JSON.stringify(row.state), row.finished ? 1 : 0, row.createdAtMs);
    },
    forgetChunks(job) {
      database.prepare("DELETE FROM history_chunks WHERE job = ?").run(job);
    },
    delete(job) {
      database.prepare("DELETE FROM history_chunks WHERE job = ?").run(job);
      database.prepare("DELETE FROM history_jobs WHERE job = ?").run(job);
    },
    putChunk(job, chunk) {
      database
        .prepare(
          `INSERT INTO history_chunks (job, idx, blob, key, message_count, size_bytes) VALUES (?, ?, ?, ?, ?, ?)
           ON CONFLICT (job, idx) DO UPDATE SET blob = excluded.blob, key = excluded.key, size_bytes = excluded.size_bytes WHERE committed = 0`,
        )
        .run(job, chunk.index, chunk.blob, chunk.key, chunk.messageCount, chunk.sizeBytes);
    },
    chunks(job) {
      const rows = database.prepare("SELECT * FROM history_chunks WHERE job = ? ORDER BY idx").all<ChunkRow>(job);
      return {
        references: rows.map((row) => ({
          index: row.idx,
          blob: row.blob,
          key: row.key,
          messageCount: row.message_count,
          sizeBytes: row.size_bytes,
        })),
        committed: new Set(rows.filter((row) => row.committed === 1).map((row) => row.idx)),
      };
    },
    isCommitted: (job, index) =>
      database.prepare("SELECT committed FROM history_chunks WHERE job = ? AND idx = ?").get<{ committed: number }>(job, index)
        ?.committed === 1,
    markCommitted(job, index) {
      database.prepare("UPDATE history_chunks SET committed = 1 WHERE job = ? AND idx = ?").run(job, index);
    },
  };
}
