import type { ColumnProfile, TableProfile } from '../api/types';
import { useT, type Translate } from '../i18n';
import { Count } from '../parts/Count';
import { doubtText } from './said';

/** Values and shapes that are shown of a column; the pass keeps more. */
const SHOWN = 5;
/** Ways to tell rows apart that are shown; where many columns do it by chance, the rest says nothing. */
const KEYS = 3;

/** What a column seems to be, in the words of the language shown. */
export function roleWords(t: Translate, role: string): string {
  return t('profile.role', { role: role.replaceAll(/\W+/g, '_'), code: role });
}

/** What a pass over a table found, column by column. */
export function ColumnList({ table }: { table: TableProfile | undefined }) {
  const t = useT();
  if (!table) return null;
  return (
    <>
      {table.keys.length > 0 && (
        <p className="page-note profile-keys">
          {t('profile.keys')}{' '}
          {table.keys.slice(0, KEYS).map((key) => (
            <code key={key.columns.join()}>{key.columns.join(' + ')}</code>
          ))}
          {table.keys.length > KEYS && <span className="muted">{t('profile.keysMore', { count: table.keys.length - KEYS })}</span>}
        </p>
      )}
      {table.bad > 0 && <p className="state" data-kind="danger">{t('source.badRows', { count: table.bad })}</p>}
      <table className="rows profile">
        <thead>
          <tr>
            <th scope="col">{t('profile.column')}</th>
            <th scope="col" className="number">{t('profile.empty')}</th>
            <th scope="col" className="number">{t('profile.distinct')}</th>
            <th scope="col">{t('profile.holds')}</th>
            <th scope="col">{t('profile.values')}</th>
            <th scope="col">{t('profile.shapes')}</th>
          </tr>
        </thead>
        <tbody>
          {table.columns.map((column) => (
            <tr key={column.name}>
              <th scope="row">
                <code>{column.name}</code> {column.unique && <span className="muted">{t('profile.unique')}</span>}
                {column.role && <span className="muted profile-role">{roleWords(t, column.role)}</span>}
              </th>
              <td className="number" data-label={t('profile.empty')}>
                {t('profile.share', { percent: column.rows === 0 ? 0 : Math.round((1_000 * (column.rows - column.values)) / column.rows) / 10 })}
              </td>
              <td className="number" data-label={t('profile.distinct')}>
                {!column.distinct_exact && '≈ '}
                <Count of={column.distinct} />
              </td>
              <td>
                <Holds column={column} />
              </td>
              <td data-label={t('profile.values')}>
                {/* Where each value is there once, none is frequent. */}
                {!column.unique && column.top.length > 0 && (
                  <ul className="profile-values">
                    {column.top.slice(0, SHOWN).map(({ value, count }) => (
                      <li key={value}>
                        <code>{value}</code> <span className="muted">{t('value.number', { n: count })}</span>
                      </li>
                    ))}
                  </ul>
                )}
              </td>
              <td data-label={t('profile.shapes')}>
                <ul className="profile-values">
                  {column.shapes.slice(0, SHOWN).map(({ shape, count }) => (
                    <li key={shape}>
                      <code>{shape}</code> <span className="muted">{t('value.number', { n: count })}</span>
                    </li>
                  ))}
                </ul>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

/** What kind of values a column holds, from where to where, and what is doubtful about them. */
function Holds({ column: { numbers, dates, length, values, doubts } }: { column: ColumnProfile }) {
  const t = useT();
  return (
    <>
      {dates && dates.count > 0 ? (
        <span>
          {t('profile.dates', { share: Math.round((100 * dates.count) / Math.max(1, values)) })} <code>{dates.first}</code> – <code>{dates.last}</code>
        </span>
      ) : numbers && numbers.count > 0 ? (
        <span>
          {t('profile.numbers', { share: Math.round((100 * numbers.count) / Math.max(1, values)) })} <code>{numbers.min}</code> – <code>{numbers.max}</code>
        </span>
      ) : (
        values > 0 && <span>{length.min === length.max ? t('profile.textOf', { length: length.max }) : t('profile.text', { min: length.min, max: length.max })}</span>
      )}
      {doubts.map((doubt) => (
        <span key={doubt.text} className="state profile-doubt">
          {doubtText(t, doubt)}
        </span>
      ))}
    </>
  );
}
