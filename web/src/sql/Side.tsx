import { useState } from 'react';
import type { SqlTable } from '../api/types';
import { useT, type Key } from '../i18n';
import { Ago } from '../parts/When';
import { EXAMPLES, filtered } from './catalogue';
import { historyOf, useHistory } from './history';

interface Props {
  tables: SqlTable[] | undefined;
  account: string;
  /** Writes a name at the cursor. */
  onInsert: (text: string) => void;
  /** Puts a statement in the place of what is written. */
  onTake: (sql: string) => void;
}

const VIEWS = { tables: 'sql.tables', history: 'sql.history', examples: 'sql.examples' } as const satisfies Record<string, Key>;
type View = keyof typeof VIEWS;

/** Beside the editor: what there is to ask, what was asked, and how one might begin. */
export function Side({ tables, account, onInsert, onTake }: Props) {
  const t = useT();
  const [view, setView] = useState<View>('tables');
  return (
    <aside className="sql-side" aria-label={t('sql.side')}>
      <div className="sql-views" role="group" aria-label={t('where.show')}>
        {(Object.keys(VIEWS) as View[]).map((name) => (
          <button key={name} type="button" className="button" data-quiet aria-pressed={view === name} onClick={() => setView(name)}>
            {t(VIEWS[name])}
          </button>
        ))}
      </div>
      {view === 'tables' && <Tables tables={tables} onInsert={onInsert} />}
      {view === 'history' && <Past account={account} onTake={onTake} />}
      {view === 'examples' && (
        <ul className="sql-list">
          {EXAMPLES.map(({ word, sql }) => (
            <li key={word}>
              <button type="button" className="sql-past" onClick={() => onTake(sql)}>
                {t(word)}
              </button>
            </li>
          ))}
        </ul>
      )}
    </aside>
  );
}

function Tables({ tables, onInsert }: { tables: SqlTable[] | undefined; onInsert: (text: string) => void }) {
  const t = useT();
  const [filter, setFilter] = useState('');
  if (!tables) return null;
  const shown = filtered(tables, filter);
  return (
    <>
      <input
        type="search"
        className="input sql-filter"
        aria-label={t('sql.filter')}
        placeholder={t('sql.filter')}
        autoComplete="off"
        spellCheck={false}
        value={filter}
        onChange={(event) => setFilter(event.target.value)}
      />
      <ul className="sql-list">
        {shown.map((table) => (
          <li key={`${table.name} ${filter}`}>
            <details open={filter !== ''}>
              <summary>
                <code lang="en">{table.name}</code>
              </summary>
              <p className="muted sql-help" lang="en">
                {table.comment}{' '}
                <button type="button" className="sql-insert" onClick={() => onInsert(table.name)} aria-label={t('sql.insert', { name: table.name })}>
                  {t('sql.insertShort')}
                </button>
              </p>
              <ul className="sql-columns">
                {table.columns.map((column) => (
                  <li key={column.name}>
                    <button type="button" className="sql-column" onClick={() => onInsert(column.name)} title={t('sql.insert', { name: column.name })} lang="en">
                      <code>{column.name}</code> <span className="muted">{column.type}</span>
                      <span className="sql-help muted">{column.comment}</span>
                    </button>
                  </li>
                ))}
              </ul>
            </details>
          </li>
        ))}
      </ul>
      {shown.length === 0 && <p className="muted">{t('sql.noTable', { filter })}</p>}
    </>
  );
}

function Past({ account, onTake }: { account: string; onTake: (sql: string) => void }) {
  const t = useT();
  const past = useHistory(account);
  if (past.length === 0) return <p className="muted sql-note">{t('sql.noHistory')}</p>;
  return (
    <>
      <ul className="sql-list">
        {past.map(({ sql, at_ms, rows }) => (
          <li key={sql}>
            <button type="button" className="sql-past" onClick={() => onTake(sql)}>
              <code lang="en">{sql}</code>
              <span className="muted">
                <Ago at_ms={at_ms} /> · {rows === undefined ? t('sql.failed') : t('sql.rows', { count: rows })}
              </span>
            </button>
          </li>
        ))}
      </ul>
      <p className="sql-note muted">
        {t('sql.historyKept')}{' '}
        <button type="button" className="sql-insert" onClick={() => historyOf(account).forget()}>
          {t('sql.forget')}
        </button>
      </p>
    </>
  );
}
