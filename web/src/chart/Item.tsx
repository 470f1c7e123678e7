import type { ReactNode } from 'react';
import { useT } from '../i18n';
import type { OpenWhere } from './ChartPage';

/** One record in a list of the chart: the whole line opens where it came from. */
export function Item({ reference, field, wrong, children, openWhere }: { reference: string; field?: string; wrong?: boolean; children: ReactNode; openWhere: OpenWhere }) {
  const t = useT();
  return (
    <li>
      <button type="button" className="item" data-item data-ref={reference} data-field={field} data-wrong={wrong ? '' : undefined} onClick={() => openWhere(reference, field)}>
        {children}
        {wrong && <span className="wrong-mark">{t('chart.enteredInError')}</span>}
      </button>
    </li>
  );
}

/** A titled list that says so when it is empty. */
export function Section({ title, empty, count, children }: { title: string; empty: string; count: number; children: ReactNode }) {
  return (
    <section className="section">
      <h2>
        {title} {count > 0 && <span className="muted">{count}</span>}
      </h2>
      {count === 0 ? <p className="muted section-empty">{empty}</p> : <ul>{children}</ul>}
    </section>
  );
}
