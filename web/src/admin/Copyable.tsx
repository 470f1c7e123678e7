import { useRef, useState } from 'react';
import { useT } from '../i18n';
import { copyText } from './copy';

/** A text to be taken elsewhere: whole, to be selected by one press, and with a button that copies it. */
export function Copyable({ text, label }: { text: string; label: string }) {
  const t = useT();
  const shown = useRef<HTMLElement>(null);
  const [copied, setCopied] = useState<{ of: string; done: boolean }>();
  const now = copied?.of === text ? copied : undefined;
  return (
    <div className="copyable">
      <pre className="empty-command">
        <code ref={shown} className="copyable-text">
          {text}
        </code>
      </pre>
      <p className="copyable-ways">
        <button type="button" className="button" data-primary onClick={() => void copyText(text, shown.current).then((done) => setCopied({ of: text, done }))}>
          {label}
        </button>
        <span role="status">{now && t(now.done ? 'secret.copied' : 'secret.notCopied')}</span>
      </p>
    </div>
  );
}
