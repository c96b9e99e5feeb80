/** Short messages that pass by themselves, with one thing to do about them. They wait while looked at. */
import { createContext, useCallback, useContext, useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import { IconButton } from "./button.tsx";

export interface Toast {
  readonly text: string;
  readonly action?: { readonly label: string; readonly run: () => void };
  readonly tone?: "calm" | "bad";
}

const SHOWN_FOR_MS = 6_000;
const MAX_TOASTS = 3;
const ToastContext = createContext<(toast: Toast) => void>(() => undefined);

export const useToast = (): ((toast: Toast) => void) => useContext(ToastContext);

export function ToastRegion({
  label,
  closeLabel,
  children,
}: {
  readonly label: string;
  readonly closeLabel: string;
  readonly children: ReactNode;
}) {
  const [toasts, setToasts] = useState<readonly (Toast & { id: number })[]>([]);
  const nextId = useRef(1);
  const show = useCallback(
    (toast: Toast) => setToasts((current) => [...current, { ...toast, id: nextId.current++ }].slice(-MAX_TOASTS)),
    [],
  );
  const dismiss = useCallback((id: number) => setToasts((current) => current.filter((toast) => toast.id !== id)), []);
  return (
    <ToastContext value={show}>
      {children}
      <section className="toasts" aria-label={label} aria-live="polite" aria-relevant="additions">
        {toasts.map((toast) => (
          <ToastCard key={toast.id} toast={toast} closeLabel={closeLabel} close={() => dismiss(toast.id)} />
        ))}
      </section>
    </ToastContext>
  );
}

function ToastCard({ toast, closeLabel, close }: { readonly toast: Toast; readonly closeLabel: string; readonly close: () => void }) {
  const [isHeld, setHeld] = useState(false);
  const latest = useMemo(() => ({ close }), [close]);
  useEffect(() => {
    if (isHeld) return undefined;
    const timer = setTimeout(() => latest.close(), SHOWN_FOR_MS);
    return () => clearTimeout(timer);
  }, [isHeld, latest]);
  return (
    <div
      className={`toast toast-${toast.tone ?? "calm"}`}
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
      <span>{toast.text}</span>
      {toast.action !== undefined && (
        <button
          type="button"
          className="toast-action"
          onClick={() => {
            toast.action!.run();
            close();
          }}
        >
          {toast.action.label}
        </button>
      )}
      <IconButton icon="close" label={closeLabel} onClick={close} />
    </div>
  );
}
