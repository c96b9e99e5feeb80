/** The steps of a link, the same words on both screens: done, now, still to come. */
import type { LinkStage } from "@hawser/sdk";
import { Icon, useText } from "@hawser/ui";

const STEPS = ["waiting-for-scan", "comparing", "activating", "active"] as const;
const POSITION: Readonly<Record<LinkStage, number>> = {
  preparing: 0,
  "waiting-for-scan": 0,
  scanned: 1,
  comparing: 1,
  approving: 1,
  activating: 2,
  active: 4,
  paused: 0,
  failed: -1,
};

export function StageList({ stage, failedAt }: { readonly stage: LinkStage; readonly failedAt?: LinkStage | undefined }) {
  const { t } = useText();
  const isFailed = stage === "failed";
  const position = isFailed ? POSITION[failedAt ?? "waiting-for-scan"] : POSITION[stage];
  return (
    <ol className="stage-list">
      {STEPS.map((step, index) => {
        const state = index < position ? "done" : index === position ? (isFailed ? "failed" : "now") : "next";
        return (
          <li key={step} className={`stage stage-${state}`} aria-current={state === "now" ? "step" : undefined}>
            <i aria-hidden="true">
              {state === "done" ? <Icon name="check" size={14} /> : state === "failed" ? <Icon name="close" size={14} /> : null}
            </i>
            {t(`stage.${step}`)}
          </li>
        );
      })}
    </ol>
  );
}
