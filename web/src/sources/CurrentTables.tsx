import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { json } from '../api/client';
import type { Profile } from '../api/types';
import { say, useT } from '../i18n';
import { acting } from '../parts/acting';
import { Count } from '../parts/Count';
import { Failure, StaleBar } from '../parts/Failure';
import { Empty } from '../parts/Page';
import { Waiting } from '../parts/Waiting';
import { At } from '../parts/When';
import type { SourceSearch } from '../router';
import { ColumnList, roleWords } from './ColumnList';
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
  const profile = useQuery({
    queryKey: ['source', name, 'profile'],
    queryFn: ({ signal }) => json<Profile>(`/api/sources/${encodeURIComponent(name)}/profile`, { signal }),
    enabled: search.profile === true,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const profiled = useMemo(() => new Map(profile.data?.tables.map((table) => [table.name.toLowerCase(), table])), [profile.data]);
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
      {!profile.data && (
        <p className="page-note profile-ask">
          <button type="button" className="button" {...acting(profile.isFetching, () => set({ profile: true }))}>
            {t('profile.ask')}
          </button>{' '}
          <span className="muted">{t('profile.asks')}</span>
        </p>
      )}
      {profile.isLoading && <Waiting lines={4} />}
      {profile.error && <Failure error={profile.error} onRetry={() => void profile.refetch()} />}
      {profile.data && <Doubts profile={profile.data} />}
      <div className="panel fold-list">
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
            <summary data-item className="table-line">
              <b>{table.name}</b>
              <span className="fixed number">{t('sql.rows', { count: table.rows })}</span>
              <span className="fixed number">{t('source.columnCount', { count: table.columns.length })}</span>
              <span className="muted">
                <code>{table.file}</code>
              </span>
              <span className="muted fixed">
                {t('source.delivery', { no: table.delivery })} · <At at={table.at} />
              </span>
            </summary>
            {/* Of hundreds of tables only what is open is drawn. */}
            {search.table !== table.name ? null : profiled.has(table.name.toLowerCase()) ? (
              <ColumnList table={profiled.get(table.name.toLowerCase())} />
            ) : (
              <ol className="columns" aria-label={t('source.columns')}>
                {table.columns.map((column) => (
                  <li key={column}>
                    <code>{column}</code>
                  </li>
                ))}
              </ol>
            )}
          </details>
        ))}
      </div>
      <p className="muted page-note">
        {t('source.tablesTotal')} <Count of={list.reduce((total, table) => total + table.rows, 0)} />
      </p>
    </>
  );
}

/** What is doubtful about whole tables, and what their rows are likely to be. */
function Doubts({ profile }: { profile: Profile }) {
  const t = useT();
  return (
    <>
      {profile.encodings.length + profile.failed.length > 0 && (
        <ul className="profile-notes page-note" lang="en">
          {profile.failed.map((one) => (
            <li key={one.table} className="state" data-kind="danger">
              {one.table}: {one.why}
            </li>
          ))}
          {profile.encodings.map((one) => (
            <li key={`${one.table} ${one.file}`} className="state">
              {one.file}: {one.encoding}, {one.why}
            </li>
          ))}
        </ul>
      )}
      {profile.likely.length > 0 && (
        <section aria-label={t('profile.likely')} className="panel">
          <table className="rows">
            <thead>
              <tr>
                <th scope="col">{t('source.table')}</th>
                <th scope="col">{t('profile.likely')}</th>
                <th scope="col">{t('profile.because')}</th>
              </tr>
            </thead>
            <tbody>
              {profile.likely.map((one) => (
                <tr key={`${one.table} ${one.target}`}>
                  <th scope="row" className="likely-name">
                    <code>{one.table}</code>
                  </th>
                  <td data-label={t('profile.likely')} className="fixed">
                    <b>{one.target}</b>
                  </td>
                  <td>
                    <ul className="likely-columns">
                      {Object.entries(one.columns).map(([role, column]) => (
                        <li key={role}>
                          <code>{column}</code> <span className="muted">{roleWords(t, role)}</span>
                        </li>
                      ))}
                      {one.because.map((sign) => (
                        <li key={sign.text} className="muted">
                          {say(t, `sign.${sign.code}`, sign)}
                        </li>
                      ))}
                    </ul>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </>
  );
}
