/** Who of the participants made the export? Evidence for a question to the person, never an answer in their place. */
import type { ChatSurvey } from "./chat-survey.ts";
import { sameName } from "./sender-split.ts";

export type SelfReason =
  /** "You deleted this message" stands under this name. */
  | "deleted-own-message"
  /** The chat has two participants and is named after the other one. */
  | "title-names-the-other"
  /** The only participant: a chat with oneself, or one in which nobody answered. */
  | "only-participant";

export interface SelfCandidate {
  readonly name: string;
  readonly reasons: readonly SelfReason[];
}

/** All participants, the likeliest first; only `reasons` make one likelier than another, so none means unknown. */
export function guessSelf(survey: Pick<ChatSurvey, "participants" | "title">): readonly SelfCandidate[] {
  const { participants, title } = survey;
  const isTitle = (name: string): boolean => title !== undefined && sameName(name, title);
  const named = participants.filter((participant) => isTitle(participant.name));
  const candidates = participants.map(({ name, selfDeletions }) => {
    const reasons: SelfReason[] = [];
    if (selfDeletions > 0) reasons.push("deleted-own-message");
    if (participants.length === 2 && named.length === 1 && !isTitle(name)) reasons.push("title-names-the-other");
    if (participants.length === 1 && !isTitle(name)) reasons.push("only-participant");
    return { name, reasons };
  });
  return candidates.sort((a, b) => b.reasons.length - a.reasons.length);
}
