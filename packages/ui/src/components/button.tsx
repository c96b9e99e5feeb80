/** Buttons with text and buttons with an icon alone. A busy button keeps its size and says that it is busy. */
import type { ButtonHTMLAttributes, ReactNode, Ref } from "react";
import { Icon, type IconName } from "./icon.tsx";

interface ButtonProperties extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly look?: "filled" | "soft" | "plain" | "danger" | "danger-soft";
  readonly icon?: IconName;
  readonly busy?: boolean;
  readonly wide?: boolean;
  readonly children: ReactNode;
  readonly ref?: Ref<HTMLButtonElement>;
}

export function Button({
  look = "filled",
  icon,
  busy = false,
  wide = false,
  children,
  className = "",
  disabled,
  ...rest
}: ButtonProperties) {
  return (
    <button
      type="button"
      {...rest}
      disabled={disabled || busy}
      aria-busy={busy || undefined}
      className={`button button-${look} ${wide ? "button-wide" : ""} ${className}`}
    >
      {icon !== undefined && <Icon name={icon} size={19} />}
      <span>{children}</span>
    </button>
  );
}

interface IconButtonProperties extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, "children"> {
  readonly icon: IconName;
  readonly label: string;
  readonly flip?: boolean;
  readonly look?: "plain" | "filled";
  readonly ref?: Ref<HTMLButtonElement>;
}

export function IconButton({ icon, label, flip = false, look = "plain", className = "", ...rest }: IconButtonProperties) {
  return (
    <button type="button" aria-label={label} title={label} {...rest} className={`icon-button icon-button-${look} ${className}`}>
      <Icon name={icon} flip={flip} />
    </button>
  );
}
