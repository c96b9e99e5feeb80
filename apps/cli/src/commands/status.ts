/** `hawser status`: how this profile is, in one look. */
import { OperationalError } from "@hawser/base";
import type { ClientState } from "@hawser/sdk";
import type { DefineCommand } from "../context.ts";
import { clockDifference } from "../profile/clock-trouble.ts";
import { refuseRevoked } from "../profile/revoked-error.ts";
import { untilOnline } from "../profile/waits.ts";
import { withClient } from "../profile/with-client.ts";
import { historyEvent, historyLine } from "../views/history-view.ts";
import { NOTICE_TEXTS } from "../views/notice-view.ts";

export const status: DefineCommand = (program, run) => {
  program
    .command("status")
    .description("account, connection, outbox and history of this profile")
    .action(
      run(async (context) => {
        const { output, signal } = context;
        await withClient(context, { phase: "any" }, async ({ client, place }) => {
          let failure: unknown;
          let state: ClientState = await client.state();
          refuseRevoked(state);
          if (state.phase === "ready") {
            await untilOnline(client, signal).catch((error: unknown) => {
              signal.throwIfAborted();
              failure = error;
            });
            state = await client.state();
            refuseRevoked(state);
          }
          const { phase, role, self, connection, unreadTotal, outboxCount } = state;
          const clock = clockDifference(connection);
          output.event(
            {
              event: "status",
              phase,
              role: role ?? null,
              handle: self?.handle ?? null,
              connection: connection.kind,
              server: place.server,
              profile: place.folder,
              unread: unreadTotal,
              queued: outboxCount,
              history: historyEvent(state.history).state,
              notice: state.notice ?? null,
              clockOffsetMs: connection.kind === "online" ? connection.clockOffsetMs : null,
            },
            [
              `account     ${self === undefined ? `none (${phase})` : `@${self.handle}, device ${self.device}, a ${role}`}`,
              `server      ${place.server}, ${connection.kind === "online" ? output.paint.green("online") : connection.kind}`,
              `profile     ${place.folder}`,
              `messages    ${unreadTotal} unread, ${outboxCount} waiting to be sent`,
              `history     ${historyLine(state.history)}`,
              ...(state.notice === undefined ? [] : [`notice      ${output.paint.yellow(NOTICE_TEXTS[state.notice])}`]),
              ...(clock === undefined ? [] : [`clock       ${output.paint.yellow(clock)}`]),
            ].join("\n"),
          );
          // Nobody else in a terminal tells it, and it is told once.
          if (state.notice !== undefined) await client.dismissNotice();
          // The answer was given; why there is no connection decides the exit status.
          if (failure instanceof OperationalError) throw failure;
        });
      }),
    );
};
