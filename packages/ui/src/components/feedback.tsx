/** What the app says by itself: alerts, banners, empty places, places not loaded yet, progress. */
import type { ReactNode } from "react";
import { Icon, type IconName } from "./icon.tsx";

export function Banner({
  tone,
  icon,
  children,
  action,
}: {
  readonly tone: "calm" | "warn" | "bad";
  readonly icon: IconName;
  readonly children: ReactNode;
  readonly action?: ReactNode;
}) {
  return (
    <div className={`banner banner-${tone}`} role={tone === "bad" ? "alert" : "status"}>
      <Icon name={icon} size={18} />
      <div className="banner-words">{children}</div>
      {action}
    </div>
  );
}

/** Beside what it is about: what failed, or what would be lost. Nothing where there is nothing to say. */
export function Alert({ tone = "bad", children }: { readonly tone?: "warn" | "bad"; readonly children: ReactNode }) {
  if (children === undefined) return null;
  return (
    <p className={`note note-${tone}`} role="alert">
      <Icon name="warning" size={20} />
      <span>{children}</span>
    </p>
  );
}

export function EmptyState({
  icon,
  title,
  children,
  actions,
}: {
  readonly icon: IconName;
  readonly title: string;
  readonly children?: ReactNode;
  readonly actions?: ReactNode;
}) {
  return (
    <div className="empty">
      <span className="empty-icon">
        <Icon name={icon} size={30} />
      </span>
      <h2>{title}</h2>
      {children !== undefined && <p>{children}</p>}
      {actions !== undefined && <div className="empty-actions">{actions}</div>}
    </div>
  );
}

/** Rows in the shape of what will come. */
export function SkeletonRows({ count, label }: { readonly count: number; readonly label: string }) {
  return (
    <div role="status" aria-label={label} className="skeleton-rows">
      {Array.from({ length: count }, (_, index) => (
        <div key={index} className="skeleton-row" aria-hidden="true">
          <span className="skeleton skeleton-round" />
          <span className="skeleton-lines">
            <span className="skeleton" style={{ inlineSize: `${40 + ((index * 17) % 30)}%` }} />
            <span className="skeleton" style={{ inlineSize: `${60 + ((index * 23) % 35)}%` }} />
          </span>
        </div>
      ))}
    </div>
  );
}

/** `value` from 0 to 1; `undefined` while the total is not known. */
export function Progress({ value, label }: { readonly value: number | undefined; readonly label: string }) {
  const percent = value === undefined ? undefined : Math.round(value * 100);
  return (
    <div
      className={value === undefined ? "progress progress-unknown" : "progress"}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
    >
      <span style={{ transform: `scaleX(${value ?? 0.3})` }} />
    </div>
  );
}
