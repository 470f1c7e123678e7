import { useT } from '../i18n';
import { Count } from '../parts/Count';
import { Failure, StaleBar } from '../parts/Failure';
import { Empty } from '../parts/Page';
import { Waiting } from '../parts/Waiting';
import { Iso } from '../parts/When';
import type { SourceSearch } from '../router';
import { useSourceTables } from './queries';
import type { SetSearch } from './SourcePage';

interface Props {
  name: string;
  search: SourceSearch;
  set: SetSearch;
}

/** The tables as they are now: rows, columns, and which delivery brought them. */
export function CurrentTables({ name, search, set }: Props) {
  const t = useT();
  const tables = useSourceTables(name);
  const list = tables.data?.tables;
  if (!list) return tables.error ? <Failure error={tables.error} onRetry={() => void tables.refetch()} /> : <Waiting lines={8} />;
  if (list.length === 0) {
    return (
      <Empty title={t('source.noTables.title')} command={`medweave source pull ${name}`}>
        <p>{t('source.noTables.text')}</p>
      </Empty>
    );
  }
  return (
    <>
      <StaleBar error={tables.error} onRetry={() => void tables.refetch()} />
      <div className="panel">
        {list.map((table) => (
          <details
            key={table.name}
            className="fold-row"
            open={search.table === table.name}
            onToggle={(event) => {
              const open = event.currentTarget.open;
              if (open !== (search.table === table.name)) set({ table: open ? table.name : undefined });
            }}
          >
            <summary data-item>
              <b>{table.name}</b>
              <span className="fixed">{t('sql.rows', { count: table.rows })}</span>
              <span className="fixed">{t('source.columnCount', { count: table.columns.length })}</span>
              <span className="muted">
                <code>{table.file}</code>
              </span>
              <span className="muted fixed">
                {t('source.delivery', { no: table.delivery })} · <Iso at={table.at} />
              </span>
            </summary>
            <ol className="columns" aria-label={t('source.columns')}>
              {table.columns.map((column) => (
                <li key={column}>
                  <code>{column}</code>
                </li>
              ))}
            </ol>
          </details>
        ))}
      </div>
      <p className="muted page-note">
        {t('source.tablesTotal')} <Count of={list.reduce((total, table) => total + table.rows, 0)} />
      </p>
    </>
  );
}
