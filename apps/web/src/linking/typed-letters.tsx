/** Letters to type on the other device, once somebody asks for them. They come with the link's status, and are renewed with the code. */
import { Button } from "@hawser/ui";
import { useState } from "react";

interface TypedLettersProperties {
  readonly letters: string | undefined;
  readonly label: string;
  readonly offer: string;
  readonly onAsk: () => void;
}

export function TypedLetters({ letters, label, offer, onAsk }: TypedLettersProperties) {
  const [isAsked, setAsked] = useState(false);
  if (isAsked || letters !== undefined)
    return (
      <div className="match" role="status">
        <small>{label}</small>
        <span className="typed-letters">{letters ?? "····-····"}</span>
      </div>
    );
  return (
    <Button
      look="plain"
      icon="keyboard"
      onClick={() => {
        setAsked(true);
        onAsk();
      }}
    >
      {offer}
    </Button>
  );
}
