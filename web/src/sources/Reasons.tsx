import { choice, useT } from '../i18n';
import { Count } from '../parts/Count';
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
            </th>
            <td>{reason.element && <code>{reason.element}</code>}</td>
            <td className="number">
              <Count of={reason.count} />
            </td>
            <td>
              <ul className="examples">
                {reason.examples.map((example) => (
                  <li key={`${example.table}/${example.row}`}>
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
  const { table, row, message, text } = example;
  const detail = useDetail(code, message);
  return (
    <>
      <button type="button" className="row-button" data-item data-row={`${table}/${row}`} aria-label={t('run.openRow', { row, table })} onClick={() => set({ row: `${table}/${row}` })}>
        {t('row.short', { table, no: row })}
      </button>{' '}
      {text !== null && text !== '' && <code className="example-text">{text}</code>} {detail && <span className="muted" lang="en">{detail}</span>}
    </>
  );
}
