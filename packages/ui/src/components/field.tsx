/** Labelled inputs: text, switch, choice. Hints and errors are tied to their input for screen readers. */
import { useId, type InputHTMLAttributes, type ReactNode, type Ref } from "react";

interface TextFieldProperties extends InputHTMLAttributes<HTMLInputElement> {
  readonly label: string;
  readonly hint?: ReactNode;
  readonly error?: string | undefined;
  readonly prefix?: string;
  readonly state?: "good" | undefined;
  readonly ref?: Ref<HTMLInputElement>;
}

export function TextField({ label, hint, error, prefix, state, className = "", ...rest }: TextFieldProperties) {
  const id = useId();
  const noteId = useId();
  return (
    <div className={`field ${className}`}>
      <label htmlFor={id}>{label}</label>
      <div className={`field-box ${error === undefined ? "" : "field-wrong"} ${state === "good" ? "field-good" : ""}`}>
        {prefix !== undefined && <span className="field-prefix">{prefix}</span>}
        <input {...rest} id={id} aria-invalid={error !== undefined || undefined} aria-describedby={noteId} />
      </div>
      <p id={noteId} className={error === undefined ? "field-note" : "field-note field-note-wrong"} aria-live="polite">
        {error ?? hint}
      </p>
    </div>
  );
}

export function Switch({
  label,
  hint,
  checked,
  onChange,
}: {
  readonly label: string;
  readonly hint?: string;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
}) {
  return (
    <label className="setting-row">
      <span className="setting-words">
        <span>{label}</span>
        {hint !== undefined && <small>{hint}</small>}
      </span>
      <input type="checkbox" role="switch" className="switch" checked={checked} onChange={(event) => onChange(event.target.checked)} />
    </label>
  );
}

interface ChoiceProperties<T extends string> {
  readonly label: string;
  readonly hint?: string;
  readonly value: T;
  readonly options: readonly { readonly value: T; readonly label: string }[];
  readonly onChange: (value: T) => void;
}

export function Choice<T extends string>({ label, hint, value, options, onChange }: ChoiceProperties<T>) {
  const id = useId();
  return (
    <div className="setting-row">
      <label className="setting-words" htmlFor={id}>
        {label}
        {hint !== undefined && <small>{hint}</small>}
      </label>
      <select id={id} className="select" value={value} onChange={(event) => onChange(event.target.value as T)}>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </div>
  );
}
