import { useMemo } from 'react';
import type { QualityOutcome as Outcome } from '../api/types';
import { useLanguage, useT } from '../i18n';
import { Count } from '../parts/Count';
import { Toggle } from '../parts/Toggle';
import type { QualitySearch } from '../router';
import { chosen, course } from './outcomes';
import type { SetQuality } from './QualityPage';
import { checkSentence, whyNot } from './words';

interface Props {
  outcomes: Outcome[];
  search: QualitySearch;
  set: SetQuality;
}

/** Checks that are listed at most; a table and a category narrow it. */
const SHOWN = 200;

export function CheckList({ outcomes, search, set }: Props) {
  const t = useT();
  const language = useLanguage();
  const { table, category, all = false } = search;
  const list = useMemo(() => chosen(outcomes, { all, ...(table && { table }), ...(category && { category }) }), [outcomes, table, category, all]);
  return (
    <section aria-label={t('quality.checks')} className="panel">
      <div className="quality-head">
        <h2>
          {[table, category && t(`quality.category.${category}`)].filter(Boolean).join(' · ') || t('quality.allTables')} <span className="muted">{t('value.number', { n: list.length })}</span>
        </h2>
        {(table !== undefined || category !== undefined) && (
          <button type="button" className="button" onClick={() => set({ table: undefined, category: undefined })}>
            {t('quality.clear')}
          </button>
        )}
        <Toggle on={all} onChange={(on) => set({ all: on || undefined })}>
          {t('quality.showAll')}
        </Toggle>
      </div>
      {list.length === 0 && <p className="muted panel-empty">{t('quality.allPassed')}</p>}
      <ul className="checks">
        {list.slice(0, SHOWN).map((outcome) => (
          <li key={outcome.check}>
            <button type="button" className="check" data-item data-check={outcome.check} aria-pressed={search.check === outcome.check} onClick={() => set({ check: outcome.check })}>
              <Mark outcome={outcome} />
              <span className="check-words">
                {checkSentence(language, outcome)} <code className="muted">{outcome.check}</code>
              </span>
              <span className="check-share">
                {outcome.status === 'not-applicable' ? (
                  <span className="muted">{whyNot(t, outcome)}</span>
                ) : (
                  <>
                    <Count of={outcome.violated} /> <span className="muted">/ {t('value.number', { n: outcome.rows })}</span> <b>{t('quality.percent', { percent: outcome.percent })}</b>{' '}
                    <Course outcome={outcome} />
                  </>
                )}
              </span>
            </button>
          </li>
        ))}
      </ul>
      {list.length > SHOWN && <p className="muted panel-empty">{t('quality.more', { count: list.length - SHOWN })}</p>}
    </section>
  );
}

function Mark({ outcome: { status, severity } }: { outcome: Outcome }) {
  const t = useT();
  if (status === 'failed') return <span className="danger check-mark">▲ {t(`quality.severity.${severity}`)}</span>;
  return <span className="muted check-mark">{status === 'passed' ? `✓ ${t('quality.pass')}` : `– ${t('quality.none')}`}</span>;
}

function Course({ outcome }: { outcome: Outcome }) {
  const t = useT();
  const way = course(outcome);
  if (!way) return null;
  return <span className={way === 'worse' ? 'danger' : 'better'}>{way === 'worse' ? `↑ ${t('quality.worse')}` : `↓ ${t('quality.better')}`}</span>;
}
