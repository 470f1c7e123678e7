import { useEffect, useRef } from 'react';
import { useT } from '../i18n';
import type { Draft } from './drafts';
import { placeIn } from './place';

interface Props {
  draft: Draft;
  /** Where the caret goes: the issue that was told last. */
  issue: { place: string; what: string; media: string };
  onText: (text: string) => void;
  onTry: () => void;
  onClose: () => void;
}

/** A copy of a letter as text, a segment a line. It opens with the caret where the issue is. */
export function LetterEditor({ draft, issue, onText, onTry, onClose }: Props) {
  const t = useT();
  const area = useRef<HTMLTextAreaElement>(null);
  const { place, what, media } = issue;
  useEffect(() => {
    const box = area.current;
    if (!box) return;
    const { within, field } = placeIn(box.value, { place, what, media }) ?? {};
    // An empty field is marked with what is around it: what is missing goes in between.
    const isEmpty = field !== undefined && field.to - field.from === 2 && box.value.charAt(field.from) === box.value.charAt(field.from + 1);
    const at = field ? (isEmpty ? { from: field.from + 1, to: field.from + 1 } : field) : within ? { from: within.to, to: within.to } : { from: 0, to: 0 };
    box.focus();
    box.setSelectionRange(at.from, at.to);
    const line = box.value.slice(0, at.from).split('\n').length - 1;
    const height = Number.parseFloat(getComputedStyle(box).lineHeight) || 20;
    box.scrollTop = Math.max(0, (line - 3) * height);
  }, [place, what, media]);
  return (
    <textarea
      ref={area}
      className="input letter-text"
      aria-label={t('letter.copy')}
      aria-keyshortcuts="Control+Enter"
      spellCheck={false}
      autoComplete="off"
      autoCapitalize="off"
      wrap="off"
      value={draft.text}
      onChange={(event) => onText(event.target.value)}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
          event.preventDefault();
          onTry();
        } else if (event.key === 'Escape') {
          // What was written stays; the next Escape goes back to the list.
          event.preventDefault();
          onClose();
        }
      }}
    />
  );
}
