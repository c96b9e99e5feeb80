/** One tick: on the server. Two: on the other's device. Two in colour: read. A clock: still here. */
import type { ReactNode } from "react";

export type DeliveryState = "queued" | "sent" | "delivered" | "read" | "failed";

const SHAPES: Readonly<Record<DeliveryState, ReactNode>> = {
  queued: <path d="M8 2.200a5.8 5.8 0 1 0 0 11.600A5.8 5.8 0 0 0 8 2.200ZM8 5v3l2 1.4" />,
  sent: <path d="M3.5 8.5 6.7 11.7 13 4.8" />,
  delivered: <path d="M1 8.5 4.2 11.7 10.5 4.800M8 11.200l.5.5 6.3-6.9" />,
  read: <path d="M1 8.5 4.2 11.7 10.5 4.800M8 11.200l.5.5 6.3-6.9" />,
  failed: <path d="M8 2.200a5.8 5.8 0 1 0 0 11.600A5.8 5.8 0 0 0 8 2.200ZM8 5v3.600M8 11v.01" />,
};

export function DeliveryMark({ state, label }: { readonly state: DeliveryState; readonly label: string }) {
  return (
    <span className={`ticks ticks-${state}`} role="img" aria-label={label} title={label}>
      <svg
        width={16}
        height={16}
        viewBox="0 0 16 16"
        fill="none"
        stroke="currentColor"
        strokeWidth={1.6}
        strokeLinecap="round"
        strokeLinejoin="round"
        aria-hidden="true"
      >
        {SHAPES[state]}
      </svg>
    </span>
  );
}
