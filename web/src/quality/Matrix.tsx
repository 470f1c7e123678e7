import { useMemo, useState } from 'react';
import type { QualityOutcome as Outcome } from '../api/types';
import { useT } from '../i18n';
import type { QualitySearch } from '../router';
import { tallies, type Tally } from './outcomes';
import type { SetQuality } from './QualityPage';
import { CATEGORIES, type Category } from './categories';

interface Props {
  outcomes: Outcome[];
  search: QualitySearch;
  set: SetQuality;
}

/** Tables without a failed check that are shown beside those with one; more of them would hide the list below. */
const QUIET = 6;

/** Checks by table and category; a cell chooses what is listed below. */
export function Matrix({ outcomes, search, set }: Props) {
  const t = useT();
  const lines = useMemo(() => tallies(outcomes), [outcomes]);
  const [all, setAll] = useState(false);
  const failing = lines.filter((line) => CATEGORIES.some((category) => line.of[category].failed > 0));
  const folds = failing.length > 0 && lines.length - failing.length > QUIET;
  const shown = folds && !all ? lines.filter((line) => failing.includes(line) || line.table === search.table) : lines;
  const choose = (table: string, category: Category | undefined) => {
    const again = search.table === table && search.category === category;
    set({ table: again ? undefined : table, category: again ? undefined : category });
  };
  return (
    <section aria-label={t('quality.matrix')} className="panel">
      <table className="rows matrix">
        <thead>
          <tr>
            <th scope="col">{t('source.table')}</th>
            {CATEGORIES.map((category) => (
              <th key={category} scope="col" className="number">
                {t(`quality.category.${category}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((line) => (
            <tr key={line.table}>
              <th scope="row" aria-label={line.table}>
                <button type="button" className="matrix-table" data-item aria-pressed={search.table === line.table && !search.category} onClick={() => choose(line.table, undefined)}>
                  <code>{line.table}</code>
                </button>
              </th>
              {CATEGORIES.map((category) => (
                <td key={category} className="number" data-label={t(`quality.category.${category}`)}>
                  <Cell tally={line.of[category]} pressed={search.table === line.table && search.category === category} onChoose={() => choose(line.table, category)} name={`${line.table}, ${t(`quality.category.${category}`)}`} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {folds && (
        <p className="matrix-more">
          <button type="button" className="button" aria-expanded={all} onClick={() => setAll(!all)}>
            {all ? t('quality.fewer') : t('quality.quiet', { count: lines.length - failing.length })}
          </button>
        </p>
      )}
    </section>
  );
}

interface CellProps {
  tally: Tally;
  pressed: boolean;
  onChoose: () => void;
  name: string;
}

function Cell({ tally, pressed, onChoose, name }: CellProps) {
  const t = useT();
  const { passed, failed, none } = tally;
  if (passed + failed + none === 0) return <span className="muted">–</span>;
  return (
    <button type="button" className="matrix-cell" aria-pressed={pressed} aria-label={`${name}: ${t('quality.failed', { count: failed })}, ${t('quality.passed', { count: passed })}`} onClick={onChoose}>
      {failed > 0 && <b className="danger">▲ {t('value.number', { n: failed })}</b>}
      {passed > 0 && <span>✓ {t('value.number', { n: passed })}</span>}
      {passed + failed === 0 && <span className="muted">{t('quality.none')}</span>}
    </button>
  );
}
