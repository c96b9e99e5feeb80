/** The box that is typed into; Escape empties it. */
import { Icon, IconButton, useText } from "@hawser/ui";
import type { Ref } from "react";

interface SearchBoxProperties {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly label: string;
  readonly keys?: string;
  readonly ref?: Ref<HTMLInputElement>;
  readonly onLeave?: () => void;
}

export function SearchBox({ value, onChange, label, keys, ref, onLeave }: SearchBoxProperties) {
  const { t } = useText();
  return (
    <div className="search-box" role="search">
      <Icon name="search" size={18} />
      <input
        ref={ref}
        type="search"
        dir={value === "" ? undefined : "auto"}
        value={value}
        placeholder={label}
        aria-label={label}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          event.stopPropagation();
          if (value === "") onLeave?.();
          else onChange("");
        }}
      />
      {value !== "" ? (
        <IconButton icon="close" label={t("search.clear")} onClick={() => onChange("")} />
      ) : (
        keys !== undefined && <kbd aria-hidden="true">{keys}</kbd>
      )}
    </div>
  );
}
