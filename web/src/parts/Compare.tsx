import { useMemo, useState } from 'react';
import type { Version } from '../api/types';
import { useT } from '../i18n';
import { changesOf, wordsOf } from './changes';
import { diff, sideBySide, type Pair } from './diff';
import { Failure } from './Failure';
import { Bytes, useVersion } from './RawBytes';
import { Waiting } from './Waiting';
import { At } from './When';
import { whoText } from './who';

interface Props {
  reference: string;
  one: Version;
  other: Version;
  /** What `one` can be compared with. */
  others: readonly Version[];
  onOther: (version: number) => void;
}

/** Lines alike that are shown around what differs; more of them are folded. */
const AROUND = 3;
/** Elements that differ which are named one by one. */
const MOST_CHANGES = 60;
/** Letters of an element that are shown: a picture in base64 says nothing more with all of them. */
const MOST_LETTERS = 600;

/** Two versions of a record side by side: which elements differ, who brought each, when, and in which arrival. */
export function Compare({ reference, one, other, others, onOther }: Props) {
  const t = useT();
  // The older stands on the left, whichever was chosen first.
  const [older, newer] = one.version < other.version ? [one, other] : [other, one];
  const before = useVersion(reference, older.version);
  const after = useVersion(reference, newer.version);
  const changes = useMemo(() => (before.data !== undefined && after.data !== undefined ? changesOf(before.data, after.data) : []), [before.data, after.data]);
  const pairs = useMemo(() => {
    const lines = before.data !== undefined && after.data !== undefined ? diff(before.data, after.data) : [];
    return lines && sideBySide(lines);
  }, [before.data, after.data]);
  const error = before.error ?? after.error;
  return (
    <div className="compare">
      <label className="compare-with">
        {t('compare.with')}
        <select className="input where-select" value={other.version} onChange={(event) => onOther(Number(event.target.value))}>
          {others.map(({ version }) => (
            <option key={version} value={version}>
              {t('where.version', { version })}
            </option>
          ))}
        </select>
      </label>
      <div className="compare-heads">
        <Head version={older} />
        <Head version={newer} />
      </div>
      {error && <Failure error={error} />}
      {!error && (before.data === undefined || after.data === undefined) && <Waiting lines={8} />}
      {!error && before.data !== undefined && after.data !== undefined && (
        <>
          <table className="compare-changes">
            <caption className="hidden-text">{t('compare.changes', { count: changes.length })}</caption>
            <thead>
              <tr>
                <th scope="col">{t('compare.changes', { count: changes.length })}</th>
                <th scope="col">{t('where.version', { version: older.version })}</th>
                <th scope="col">{t('where.version', { version: newer.version })}</th>
              </tr>
            </thead>
            <tbody>
              {changes.slice(0, MOST_CHANGES).map((change) => (
                <tr key={change.path}>
                  <th scope="row">
                    <code>{change.path}</code>
                  </th>
                  <td>{change.before === undefined ? <span className="muted">{t('compare.none')}</span> : short(wordsOf(change.path, change.before))}</td>
                  <td>{change.after === undefined ? <span className="muted">{t('compare.none')}</span> : short(wordsOf(change.path, change.after))}</td>
                </tr>
              ))}
            </tbody>
          </table>
          {changes.length > MOST_CHANGES && <p className="muted">{t('compare.more', { count: changes.length - MOST_CHANGES })}</p>}
          {pairs ? <Sides key={`${older.version} ${newer.version}`} label={t('where.diffOf', { from: older.version, to: newer.version })} pairs={pairs} /> : <p className="notice">{t('where.tooLong')}</p>}
        </>
      )}
    </div>
  );
}

const short = (words: string): string => (words.length > MOST_LETTERS ? `${words.slice(0, MOST_LETTERS)} … (${words.length})` : words);

/** Of which version a side is: when it came, who let it in, and the arrival it came with. */
function Head({ version: { version, at, change, arrival } }: { version: Version }) {
  const t = useT();
  return (
    <div className="compare-head">
      <p>
        <b>{t('where.version', { version })}</b> {t(`where.${change}`)} <At at={at} />
      </p>
      <dl>
        <dt>{t('where.principal')}</dt>
        <dd>{whoText(t, arrival.principal)}</dd>
      </dl>
      <dl>
        <dt>{t('where.arrival')}</dt>
        <dd>{[t('where.arrivalNo', { no: String(arrival.no) }), arrival.source, arrival.name].filter(Boolean).join(' · ')}</dd>
      </dl>
    </div>
  );
}

/** A run of lines that is folded, or one that is shown. */
type Stretch = { from: number; to: number; folded: boolean };

function stretchesOf(pairs: readonly Pair[]): Stretch[] {
  const shown = pairs.map(() => false);
  pairs.forEach((pair, n) => {
    if (pair.kind === 'different') for (let near = Math.max(0, n - AROUND); near <= Math.min(pairs.length - 1, n + AROUND); near += 1) shown[near] = true;
  });
  const all: Stretch[] = [];
  shown.forEach((isShown, n) => {
    const last = all.at(-1);
    if (last && last.folded === !isShown) last.to = n + 1;
    else all.push({ from: n, to: n + 1, folded: !isShown });
  });
  // One line folded takes as much room as the line.
  return all.map((stretch) => ({ ...stretch, folded: stretch.folded && stretch.to - stretch.from > 2 }));
}

function Sides({ label, pairs }: { label: string; pairs: Pair[] }) {
  const t = useT();
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set());
  const stretches = useMemo(() => stretchesOf(pairs), [pairs]);
  return (
    <Bytes label={label}>
      {stretches.map(({ from, to, folded }) =>
        folded && !open.has(from) ? (
          <button key={from} type="button" className="compare-same" onClick={() => setOpen(new Set([...open, from]))}>
            {t('compare.same', { count: to - from })}
          </button>
        ) : (
          pairs.slice(from, to).map((pair, n) => (
            <span key={from + n} className="compare-pair" data-kind={pair.kind}>
              <Side pair={pair} text={pair.before} kind="gone" />
              <Side pair={pair} text={pair.after} kind="new" />
            </span>
          ))
        ),
      )}
    </Bytes>
  );
}

/** One side of a line. What differs has its sign: colour alone says nothing. */
function Side({ pair, text, kind }: { pair: Pair; text: string | undefined; kind: 'gone' | 'new' }) {
  if (text === undefined) return <span />;
  if (pair.kind === 'same') return <span className="muted">{`  ${text}\n`}</span>;
  return (
    <span>
      <mark data-kind={kind} data-mark="line">{`${kind === 'gone' ? '−' : '+'} ${text}\n`}</mark>
    </span>
  );
}
