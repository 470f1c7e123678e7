import { choice, useT } from '../i18n';
import { Count } from '../parts/Count';
import { rowKey } from '../parts/rowKey';
import type { Example, ReasonCount } from './report';
import { reasonText, useDetail } from './said';
import type { SetSearch } from './SourcePage';

interface Props {
  title: string;
  reasons: ReasonCount[];
  set: SetSearch;
}

/** Why rows were refused or elements left out, the most frequent first, each with rows to look at. */
export function Reasons({ title, reasons, set }: Props) {
  const t = useT();
  return (
    <table className="rows reasons">
      <caption className="hidden-text">{title}</caption>
      <thead>
        <tr>
          <th scope="col">{title}</th>
          <th scope="col">{t('run.element')}</th>
          <th scope="col" className="number">{t('run.count')}</th>
          <th scope="col">{t('run.example')}</th>
        </tr>
      </thead>
      <tbody>
        {reasons.map((reason) => (
          <tr key={`${reason.reason} ${reason.element} ${reason.effect}`}>
            <th scope="row">
              {reasonText(t, reason.reason)} <code className="muted">{reason.reason}</code>
              {reason.effect !== 'remark' && (
                <span className="effect" data-effect={reason.effect}>
                  {t('run.effect', choice('effect', reason.effect))}
                </span>
              )}
              {(reason.further ?? 0) > 0 && <span className="muted reason-further">{t('run.further', { further: reason.further ?? 0 })}</span>}
            </th>
            <td>{reason.element && <code>{reason.element}</code>}</td>
            <td className="number">
              <Count of={reason.count} />
              {typeof reason.of === 'number' && (
                <span className="muted">
                  {' / '}
                  <Count of={reason.of} />
                </span>
              )}
            </td>
            <td>
              <ul className="examples">
                {reason.examples.map((example) => (
                  <li key={rowKey(example)}>
                    <OneRow code={reason.reason} example={example} set={set} />
                  </li>
                ))}
              </ul>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function OneRow({ code, example, set }: { code: string; example: Example; set: SetSearch }) {
  const t = useT();
  const { table, message, text } = example;
  const row = example.row ?? 0;
  const key = rowKey(example);
  const detail = useDetail(code, message);
  return (
    <>
      <button type="button" className="row-button" data-item data-row={key} aria-label={t('run.openRow', { row, table })} onClick={() => set({ row: key })}>
        {t('row.short', { table, no: row })}
      </button>{' '}
      {text !== null && text !== '' && <code className="example-text">{text}</code>} {detail && <span className="muted" lang="en">{detail}</span>}
    </>
  );
}
