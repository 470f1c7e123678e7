import type { ReactNode } from 'react';
import { useT } from '../i18n';
import type { OpenWhere } from './ChartPage';

interface ItemProps {
  reference: string;
  field?: string;
  wrong?: boolean;
  children: ReactNode;
  openWhere: OpenWhere;
}

/** One record in a list of the chart: the whole line opens where it came from. */
export function Item({ reference, field, wrong, children, openWhere }: ItemProps) {
  return (
    <li>
      <button type="button" className="item" data-item data-ref={reference} data-field={field} data-wrong={wrong ? '' : undefined} onClick={() => openWhere(reference, field)}>
        {children}
      </button>
    </li>
  );
}

/** Said at a record that is shown although it was entered in error. */
export function WrongMark() {
  const t = useT();
  return <span className="wrong-mark">{t('chart.enteredInError')}</span>;
}

/** Columns of a list: `facts` has text and a time; `results` name, number, unit, flag and time; `stays` time, words and place. */
export type ListKind = 'facts' | 'results' | 'stays';

interface SectionProps {
  title: string;
  empty: string;
  count: number;
  kind?: ListKind;
  children: ReactNode;
}

/** A titled list that says so when it is empty. */
export function Section({ title, empty, count, kind = 'facts', children }: SectionProps) {
  return (
    <section className="section">
      <h2>
        {title} {count > 0 && <span className="muted">{count}</span>}
      </h2>
      {count === 0 ? <p className="muted section-empty">{empty}</p> : <ul data-kind={kind}>{children}</ul>}
    </section>
  );
}

/** A list that is closed until it is asked for. `shut`: nothing can ask, as on paper, and it says that it is not shown. */
export function Fold({ title, count, shut = false, children }: { title: string; count: number; shut?: boolean; children: ReactNode }) {
  const t = useT();
  if (count === 0) return null;
  if (shut) return <p className="muted section-shut">{t('summary.notPrinted', { title, count })}</p>;
  return (
    <details className="section fold">
      <summary>
        {title} <span className="muted">{count}</span>
      </summary>
      <ul data-kind="facts">{children}</ul>
    </details>
  );
}
