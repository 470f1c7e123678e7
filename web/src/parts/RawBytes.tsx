import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { ApiError, send } from '../api/client';
import type { Version } from '../api/types';
import { useT } from '../i18n';
import { pieces, readingOf, type Piece, type Reading } from './bytes';
import { CharsetChoice } from './CharsetChoice';
import { Failure } from './Failure';
import { locateInMessage } from './hl7Text';
import { layOut, spanOf } from './jsonText';
import { Waiting } from './Waiting';

/** Bytes shown around a record, and of a record that is larger than a page can hold. */
const AROUND_BYTES = 600;
const MOST_BYTES = 200_000;
/** Bytes of a message that hold its first segment, which names the character set. */
const HEAD_BYTES = 2_000;

interface Range {
  bytes: Uint8Array;
  /** Where in the arrival `bytes` begin. */
  from: number;
  /** How the arrival begins, if that is not in `bytes` and matters. */
  head?: Uint8Array;
}

/** The record's bytes with some of what stands around it; without the right to read whole arrivals, the record's alone. */
async function readRange(reference: string, version: Version, isMessage: boolean, signal: AbortSignal): Promise<Range> {
  const from = Math.max(0, version.offset - AROUND_BYTES);
  const to = Math.min(version.arrival.length, version.offset + Math.min(version.length, MOST_BYTES) + AROUND_BYTES);
  const accept = '*/*';
  try {
    const read = async (start: number, length: number) => {
      const response = await send(`/api/arrivals/${version.arrival.no}/bytes?from=${start}&length=${length}`, { signal, accept });
      return new Uint8Array(await response.arrayBuffer());
    };
    const bytes = await read(from, to - from);
    return isMessage && from > 0 ? { bytes, from, head: await read(0, Math.min(from, HEAD_BYTES)) } : { bytes, from };
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 403) throw error;
    const response = await send(`/api/where/${reference}/bytes?version=${version.version}`, { signal, accept });
    return { bytes: new Uint8Array(await response.arrayBuffer()), from: version.offset };
  }
}

export function RawBytes({ reference, version, field }: { reference: string; version: Version; field: string | undefined }) {
  const t = useT();
  const [chosen, setChosen] = useState<string>();
  // A message holds several records: what this one says tells which segment it came from.
  const isMessage = version.arrival.media.includes('hl7-v2');
  const range = useQuery({
    queryKey: ['bytes', reference, version.version],
    queryFn: ({ signal }) => readRange(reference, version, isMessage, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const content = useVersion(reference, version.version, isMessage && version.change !== 'deleted').data;
  const reading = useMemo<Reading>(
    () =>
      chosen !== undefined
        ? { charset: chosen, guessed: false }
        : range.data
          ? readingOf(range.data.bytes, { charset: isMessage ? version.charset : undefined, head: range.data.head })
          : { charset: 'utf-8', guessed: false },
    [chosen, range.data, isMessage, version.charset],
  );
  const shown = useMemo(() => {
    if (!range.data) return [];
    const from = version.offset - range.data.from;
    const record = { from, to: Math.min(range.data.bytes.length, from + version.length) };
    const locate = (text: string) =>
      isMessage ? locateInMessage(text, reference.split('/')[0] ?? '', content ?? '') : { field: field ? spanOf(text, field) : undefined };
    return pieces(range.data.bytes, record, locate, reading.charset);
  }, [range.data, version, field, reading, isMessage, content, reference]);
  if (!range.data) return range.error ? <Failure error={range.error} onRetry={() => void range.refetch()} /> : <Waiting lines={8} />;
  const before = range.data.from;
  const after = version.arrival.length - range.data.from - range.data.bytes.length;
  return (
    <>
      <p className="where-bar">
        <CharsetChoice reading={reading} onChoose={setChosen} />
        <a className="button" href={`/api/arrivals/${version.arrival.no}/bytes`} download={`arrival-${version.arrival.no}`}>
          {t('where.download')}
        </a>
      </p>
      <Bytes key={shown.find((piece) => piece.mark)?.text} label={t('where.raw')}>
        {before > 0 && <span className="muted">{t('where.bytesBefore', { count: before })}{'\n'}</span>}
        <Marked pieces={shown} />
        {after > 0 && <span className="muted">{'\n'}{t('where.bytesAfter', { count: after })}</span>}
      </Bytes>
    </>
  );
}

/** Text with what of it is marked; the rest is quiet. */
export function Marked({ pieces: shown }: { pieces: Piece[] }) {
  return shown.map((piece, n) =>
    piece.mark ? (
      <mark key={n} data-mark={piece.mark}>
        {piece.text}
      </mark>
    ) : (
      <span key={n} className="muted">
        {piece.text}
      </span>
    ),
  );
}

/** A scrolling block of text that brings its mark into view when it is drawn. */
export function Bytes({ label, children }: { label: string; children: ReactNode }) {
  const block = useRef<HTMLPreElement>(null);
  useEffect(() => {
    const marked = block.current?.querySelector<HTMLElement>('[data-mark="field"]') ?? block.current?.querySelector<HTMLElement>('[data-mark]');
    if (block.current && marked) block.current.scrollTop = Math.max(0, marked.offsetTop - block.current.offsetTop - 60);
  }, []);
  return (
    <pre ref={block} className="where-bytes" tabIndex={0} role="region" aria-label={label}>
      {children}
    </pre>
  );
}

export function useVersion(reference: string, version: number, enabled = true) {
  return useQuery({
    queryKey: ['version', reference, version],
    queryFn: async ({ signal }) => layOut(await (await send(`/fhir/${reference}/_history/${version}`, { signal, accept: 'application/fhir+json' })).text()),
    staleTime: Number.POSITIVE_INFINITY,
    enabled,
  });
}

export function JsonView({ reference, version, field }: { reference: string; version: number; field: string | undefined }) {
  const t = useT();
  const text = useVersion(reference, version);
  if (text.data === undefined) return text.error ? <Failure error={text.error} onRetry={() => void text.refetch()} /> : <Waiting lines={8} />;
  const span = field ? spanOf(text.data, field) : undefined;
  return (
    <Bytes label={t('where.json')}>
      {span ? (
        <>
          {text.data.slice(0, span.from)}
          <mark data-mark="field">{text.data.slice(span.from, span.to)}</mark>
          {text.data.slice(span.to)}
        </>
      ) : (
        text.data
      )}
    </Bytes>
  );
}
