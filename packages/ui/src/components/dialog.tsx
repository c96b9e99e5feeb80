/** A modal on the browser's own `<dialog>`: focus stays inside, Escape closes, focus returns to where it was. */
import { useEffect, useId, useRef, type ReactNode } from "react";
import { IconButton } from "./button.tsx";

interface DialogProperties {
  readonly title: string;
  readonly closeLabel: string;
  readonly onClose: () => void;
  /** `sheet` rises from the bottom edge on narrow screens. */
  readonly shape?: "card" | "sheet" | "wide";
  readonly children: ReactNode;
  readonly actions?: ReactNode;
  /** A dialog that must be answered by one of its own buttons. */
  readonly insistent?: boolean;
}

export function Dialog({ title, closeLabel, onClose, shape = "card", children, actions, insistent = false }: DialogProperties) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const node = dialog.current!;
    const before = document.activeElement as HTMLElement | null;
    node.showModal();
    node.querySelector<HTMLElement>("[data-autofocus]")?.focus();
    return () => {
      node.close();
      before?.focus?.();
    };
  }, []);
  return (
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events -- Escape is the keyboard's way to do this
    <dialog
      ref={dialog}
      className={`dialog dialog-${shape}`}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        if (!insistent) onClose();
      }}
      onClick={(event) => {
        if (event.target === dialog.current && !insistent) onClose();
      }}
    >
      <div className="dialog-body">
        <header className="dialog-head">
          <h2 id={titleId}>{title}</h2>
          {!insistent && <IconButton icon="close" label={closeLabel} onClick={onClose} />}
        </header>
        <div className="dialog-content scroll">{children}</div>
        {actions !== undefined && <footer className="dialog-actions">{actions}</footer>}
      </div>
    </dialog>
  );
}
