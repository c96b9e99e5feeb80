/** The load generator, as a process of its own on a core of its own: takes a scenario by IPC, answers with its figures. */
import { nodePrimitives } from "@hawser/io-node";
import { connectIdle, type Context, drain, drainUnderLoad, enqueue, latency, online } from "./scenarios.ts";
import { echo } from "./echo.ts";

export type ScenarioName = "online" | "latency" | "enqueue" | "drain" | "drainUnderLoad" | "idle" | "echo" | "release";

export interface ScenarioOrder {
  readonly name: ScenarioName;
  readonly context: Omit<Context, "primitives">;
  readonly options: never;
}

const releases: (() => void)[] = [];

async function perform({ name, context: given, options }: ScenarioOrder): Promise<Record<string, number>> {
  const context: Context = { ...given, primitives: nodePrimitives };
  switch (name) {
    case "online":
      return online(context, options);
    case "latency":
      return latency(context, options);
    case "enqueue":
      return enqueue(context, options);
    case "drain":
      return drain(context, options);
    case "drainUnderLoad":
      return drainUnderLoad(context, options);
    case "echo":
      return echo(context.port, options);
    case "idle": {
      const idle = await connectIdle(context, options);
      releases.push(idle.close);
      return { perSecond: idle.perSecond };
    }
    case "release":
      for (const close of releases.splice(0)) close();
      return {};
  }
}

process.on("message", (order: ScenarioOrder) => {
  perform(order).then(
    (figures) => process.send?.({ figures }),
    (error: unknown) => process.send?.({ error: error instanceof Error ? error.stack : String(error) }),
  );
});
process.on("disconnect", () => process.exit(0));
