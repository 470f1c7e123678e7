import { useState } from 'react';
import { useT } from '../i18n';
import { Who } from '../parts/Who';
import { save } from '../sql/ask';
import type { PartProps } from './AdminPage';
import { deedsText } from './deedText';
import { Instant } from '../parts/Instant';
import { csvOf, type TrailRow } from './trail';

/** Rows that are drawn at once. */
const SHOWN = 100;
/** Of what was asked, as much as a line holds; a query of SQL has thousands of characters. */
const LINE_CHARACTERS = 160;

interface Props {
  rows: TrailRow[];
  name: 'accounts' | 'records';
  set: PartProps['set'];
}

/** Rows of a trail, newest first; each opens to all that it says. */
export function TrailList({ rows, name, set }: Props) {
  const t = useT();
  const [shown, setShown] = useState(SHOWN);
  return (
    <>
      <div className="panel fold-list">
        {rows.slice(0, shown).map((row) => (
          <Line key={row.key} row={row} name={name} set={set} />
        ))}
      </div>
      <p className="admin-ways">
        {rows.length > shown && (
          <button type="button" className="button" onClick={() => setShown(shown + SHOWN)}>
            {t('audit.more', { shown, count: rows.length })}
          </button>
        )}
        <button type="button" className="button" onClick={() => save(new Blob([csvOf(rows)], { type: 'text/csv;charset=utf-8' }), `medweave-audit-${name}.csv`)}>
          {t('audit.csv', { count: rows.length })}
        </button>
      </p>
    </>
  );
}

const cut = (text: string): string => (text.length > LINE_CHARACTERS ? `${text.slice(0, LINE_CHARACTERS)} …` : text);

function Line({ row, name, set }: { row: TrailRow } & Omit<Props, 'rows'>) {
  const t = useT();
  const [open, setOpen] = useState(false);
  const { at, who, what, target, outcome } = row;
  return (
    <details className="fold-row" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary data-item className="trail-line">
        <Instant at={at} />
        <span className="trail-who">
          <Who who={who} />
        </span>
        <b className="trail-what">{name === 'accounts' ? deedsText(t, what) : what}</b>
        <span className="muted trail-target">{cut(target)}</span>
        <Outcome outcome={outcome} />
      </summary>
      {open && <Whole row={row} name={name} set={set} />}
    </details>
  );
}

/** How it ended; the trail of reads says in words why something was refused. */
function Outcome({ outcome }: { outcome: string }) {
  const t = useT();
  if (outcome === 'done') return <span className="muted fixed">✓ {t('outcome.done')}</span>;
  return (
    <span className="state" data-kind="danger">
      {t(outcome === 'failed' ? 'outcome.failed' : 'outcome.refused')}
    </span>
  );
}

function Whole({ row: { key, at, who, what, target, outcome, from, count }, name, set }: { row: TrailRow } & Omit<Props, 'rows'>) {
  const t = useT();
  const [day = ''] = at.split('T');
  return (
    <div className="trail-whole">
      <dl className="where-facts">
        {name === 'accounts' && (
          <div>
            <dt>{t('audit.place')}</dt>
            <dd>{key}</dd>
          </div>
        )}
        <div>
          <dt>{t('audit.who')}</dt>
          <dd>
            <code>{who}</code>
          </dd>
        </div>
        <div>
          <dt>{t('audit.what')}</dt>
          <dd>
            <code>{what}</code>
          </dd>
        </div>
        <div>
          <dt>{t(name === 'accounts' ? 'audit.target' : 'audit.asked')}</dt>
          <dd>
            <code className="trail-text">{target}</code>
          </dd>
        </div>
        <div>
          <dt>{t('audit.ended')}</dt>
          <dd lang="en">{outcome}</dd>
        </div>
        <div>
          <dt>{t('audit.from')}</dt>
          <dd>
            <code>{from}</code>
          </dd>
        </div>
        {count !== undefined && (
          <div>
            <dt>{t('audit.given')}</dt>
            <dd>{t('value.number', { n: count })}</dd>
          </div>
        )}
        <div>
          <dt>{t('audit.kept')}</dt>
          <dd>
            <code>{at}</code>
          </dd>
        </div>
      </dl>
      <p className="admin-ways">
        <button type="button" className="button" onClick={() => set({ q: who, about: undefined })}>
          {t('audit.onlyWho')}
        </button>
        <button type="button" className="button" onClick={() => set({ q: from, about: undefined })}>
          {t('audit.onlyFrom')}
        </button>
        <button type="button" className="button" onClick={() => set({ since: day, until: day })}>
          {t('audit.onlyDay')}
        </button>
      </p>
    </div>
  );
}
