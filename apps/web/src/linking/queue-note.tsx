/** A link that waits for its turn on a busy server: the place, the estimate, and that nothing has to be done. The same on both screens. */
import type { LinkStatus } from "@hawser/sdk";
import { Icon, useText } from "@hawser/ui";

export function QueueNote({ queue }: { readonly queue: LinkStatus["queue"] }) {
  const { t } = useText();
  if (queue === undefined) return null;
  const minutes = queue.estimateMs < 60_000 ? 0 : Math.round(queue.estimateMs / 60_000);
  return (
    <p className="note" role="status">
      <Icon name="clock" size={20} />
      <span>
        <strong className="numeric">{t("link.queue", { place: queue.place, minutes })}</strong> {t("link.queueWhy")}
      </span>
    </p>
  );
}
