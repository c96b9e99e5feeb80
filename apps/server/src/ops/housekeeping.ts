/** What a server does by itself from time to time. Each task runs alone; a failed one is logged and tried next time. */
import type { Clock } from "@hawser/base";
import type { Log } from "../gateway/index.ts";

export interface Task {
  readonly name: string;
  readonly everyMs: number;
  run(): void | Promise<void>;
}

/** Starts all tasks; the result stops them and resolves when none is running. */
export function startHousekeeping(tasks: readonly Task[], clock: Clock, log: Log): () => Promise<void> {
  let stopped = false;
  const running = new Set<Promise<void>>();
  const cancels = new Map<Task, () => void>();
  const perform = async (task: Task): Promise<void> => {
    try {
      await task.run();
    } catch (cause) {
      log.error("task-failed", cause, { task: task.name });
    }
    if (!stopped) schedule(task);
  };
  const schedule = (task: Task): void => {
    const due = (): void => {
      const run = perform(task).finally(() => running.delete(run));
      running.add(run);
    };
    cancels.set(task, clock.after(task.everyMs, due));
  };
  for (const task of tasks) schedule(task);
  return async () => {
    stopped = true;
    for (const cancel of cancels.values()) cancel();
    await Promise.all(running);
  };
}
