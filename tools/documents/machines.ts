/** Every machine of the pure packages, with the tables that run it. `tools/machines.test.ts` sees that none is missing and none has a dead end. */
import type { StateRule, Transition } from "@hawser/base";
import {
  COMPANION_STATES,
  companionDeadEnds,
  describeCompanion,
  describeGiver,
  describePhone,
  describePut,
  describeTaker,
  GIVER_STATES,
  giverDeadEnds,
  PHONE_STATES,
  phoneDeadEnds,
  PUT_STAGES,
  putDeadEnds,
  TAKER_STATES,
  takerDeadEnds,
} from "@hawser/linking";
import {
  CHOICE_STATES,
  choiceDeadEnds,
  DEADLINES,
  describeChoice,
  describeSession,
  SESSION_STATES,
  sessionDeadEnds,
} from "@hawser/session";
import {
  ARCHIVE_WRITER_STATES,
  archiveWriterDeadEnds,
  describeArchiveWriter,
  describeSink,
  describeSource,
  describeWish,
  SINK_STAGES,
  sinkDeadEnds,
  SOURCE_STAGES,
  sourceDeadEnds,
  WISH_STAGES,
  wishDeadEnds,
} from "@hawser/sync";

export interface Machine {
  /** The function that runs it. */
  readonly step: string;
  readonly title: string;
  readonly about: string;
  readonly transitions: readonly Transition[];
  readonly states: Readonly<Record<string, StateRule<string> & { readonly afterMs?: number }>>;
  readonly deadEnds: readonly string[];
}

const withDeadlines = (): Machine["states"] =>
  Object.fromEntries(
    Object.entries(SESSION_STATES).map(([kind, rule]) => {
      const afterMs = DEADLINES[kind as keyof typeof DEADLINES]?.afterMs;
      return [kind, afterMs === undefined ? rule : { ...rule, afterMs }];
    }),
  );

export const MACHINES: readonly Machine[] = [
  {
    step: "stepSession",
    title: "Session",
    about: "One device's connection (`packages/session`). `revoked` is reached only through a list that the device verified itself.",
    transitions: describeSession(),
    states: withDeadlines(),
    deadEnds: sessionDeadEnds(),
  },
  {
    step: "stepChoice",
    title: "Transport",
    about:
      "What carries a connection (`packages/session`). While something carries, the session's watchdog ends what brings nothing; `timer:better` tries a better kind.",
    transitions: describeChoice(),
    states: CHOICE_STATES,
    deadEnds: choiceDeadEnds(),
  },
  {
    step: "stepCompanion",
    title: "Link, companion",
    about: "The device that shows a code (`packages/linking`).",
    transitions: describeCompanion(),
    states: COMPANION_STATES,
    deadEnds: companionDeadEnds(),
  },
  {
    step: "stepPhone",
    title: "Link, phone",
    about: "The device that reads it and signs (`packages/linking`). One machine an attempt.",
    transitions: describePhone(),
    states: PHONE_STATES,
    deadEnds: phoneDeadEnds(),
  },
  {
    step: "stepGiver",
    title: "Courier, companion",
    about: "Brings a code's parts to a phone: by letters, or by a code that the phone shows (`packages/linking`). One for each code.",
    transitions: describeGiver(),
    states: GIVER_STATES,
    deadEnds: giverDeadEnds(),
  },
  {
    step: "stepTaker",
    title: "Courier, phone",
    about: "Letters that were typed, or a code that is shown; ends with a code to open or a reason (`packages/linking`).",
    transitions: describeTaker(),
    states: TAKER_STATES,
    deadEnds: takerDeadEnds(),
  },
  {
    step: "stepPlaces",
    title: "Rendezvous, one slot",
    about:
      "Where a slot of a link is written (`packages/linking`); a projection of the machine, which holds many. What was taken and is not answered by the other side is copied to every place.",
    transitions: describePut(),
    states: PUT_STAGES,
    deadEnds: putDeadEnds(),
  },
  {
    step: "stepSource",
    title: "History, source",
    about: "The device that has history (`packages/sync`). The stages are projections of sets of chunks; a test holds them to the machine.",
    transitions: describeSource(),
    states: SOURCE_STAGES,
    deadEnds: sourceDeadEnds(),
  },
  {
    step: "stepSink",
    title: "History, sink",
    about: "The device that wants history (`packages/sync`). References that come after the end are fetched all the same.",
    transitions: describeSink(),
    states: SINK_STAGES,
    deadEnds: sinkDeadEnds(),
  },
  {
    step: "stepWish",
    title: "History, wish",
    about: "Whom a device asks for history, one after the other (`packages/sync`). Words for where its newest job stands.",
    transitions: describeWish(),
    states: WISH_STAGES,
    deadEnds: wishDeadEnds(),
  },
  {
    step: "stepArchiveWriter",
    title: "Archive, writer",
    about: "Keeps the account's encrypted archive up to date (`packages/sync`).",
    transitions: describeArchiveWriter(),
    states: ARCHIVE_WRITER_STATES,
    deadEnds: archiveWriterDeadEnds(),
  },
];
