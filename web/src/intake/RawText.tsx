import { useMemo, type ReactNode } from 'react';
import { pieces, type Piece } from '../parts/bytes';
import { Bytes, Marked } from '../parts/RawBytes';
import type { Placed } from './place';
import { stretches, type Stretch } from './segments';

interface Props {
  label: string;
  bytes: Uint8Array;
  charset: string;
  media: string;
  /** Where in the text what matters is. */
  locate?: ((text: string) => Placed | undefined) | undefined;
  /** Said after the bytes: that there are more. */
  children?: ReactNode;
}

/** Received bytes as text: a message with its segments and fields told apart, anything else as it stands; what matters is marked. */
export function RawText({ label, bytes, charset, media, locate, children }: Props) {
  const shown = useMemo(() => {
    const found: Piece[] = pieces(bytes, { from: 0, to: bytes.length }, (text) => locate?.(text) ?? {}, charset);
    // Where no place is known, all of it counts alike.
    return found.length > 1 ? found : found.map(({ text }): Piece => ({ text }));
  }, [bytes, charset, locate]);
  const isMessage = media.includes('hl7-v2');
  return (
    <Bytes key={shown.find(({ mark }) => mark)?.text} label={label}>
      {isMessage ? <Message pieces={shown} /> : shown.length === 1 ? shown[0]?.text : <Marked pieces={shown} />}
      {children}
    </Bytes>
  );
}

function Message({ pieces: shown }: { pieces: Piece[] }) {
  const all = useMemo(() => {
    const groups: { mark: Piece['mark']; parts: Stretch[] }[] = [];
    for (const part of stretches(shown)) {
      const last = groups.at(-1);
      if (last && last.mark === part.mark) last.parts.push(part);
      else groups.push({ mark: part.mark, parts: [part] });
    }
    return groups;
  }, [shown]);
  return all.map(({ mark, parts }, n) => {
    const texts = parts.map(({ text, kind, field }, at) => (
      <span key={at} className={kind === 'field' || kind === 'end' ? undefined : `raw-${kind}`} title={field}>
        {text}
      </span>
    ));
    return mark ? (
      <mark key={n} data-mark={mark}>
        {texts}
      </mark>
    ) : (
      texts
    );
  });
}
