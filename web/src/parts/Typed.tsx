import { useEffect, useRef, useState } from 'react';

const DEBOUNCE_MS = 250;

interface Props {
  id: string;
  className?: string;
  /** What the address has. */
  value: string;
  onChange: (value: string) => void;
}

/** A box whose text goes into the address once typing pauses; what is typed meanwhile, or composed, is never taken away. */
export function Typed({ id, className, value, onChange }: Props) {
  const [text, setText] = useState(value);
  // What this box put into the address, oldest first: each comes back once, however late.
  const sent = useRef([value]);
  // Links, back and the button that clears change it from outside.
  useEffect(() => {
    const at = sent.current.lastIndexOf(value);
    if (at < 0) setText(value);
    sent.current = at < 0 ? [value] : sent.current.slice(at);
  }, [value]);
  const wanted = text.trim();
  useEffect(() => {
    if (sent.current.at(-1) === wanted) return undefined;
    const timer = setTimeout(() => {
      sent.current.push(wanted);
      onChange(wanted);
    }, DEBOUNCE_MS);
    return () => clearTimeout(timer);
  }, [wanted, onChange]);
  return <input id={id} type="search" className={className} autoComplete="off" spellCheck={false} value={text} onChange={(event) => setText(event.target.value)} />;
}
