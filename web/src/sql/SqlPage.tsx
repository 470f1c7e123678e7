import { useMutation } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { ApiError, send } from '../api/client';
import type { SqlResult } from '../api/types';
import { useT } from '../i18n';
import { useLasting } from '../live/clock';
import { DataGrid, type Column } from '../parts/DataGrid';
import { Failure } from '../parts/Failure';
import { PageTitle } from '../parts/Page';
import { cellText, csvOf, parseExact } from './result';
import { Editor, type EditorHandle } from './Editor';
import { charactersBefore } from './statement';
import { useKeys, type Binding } from '../shell/keys';
import './sql.css';

/** Rows asked for; the table says when there are more. */
const LIMIT = 10_000;
const FIRST = 'SELECT * FROM patient LIMIT 100';

async function ask(sql: string, signal: AbortSignal): Promise<SqlResult> {
  const response = await send('/api/sql', { method: 'POST', body: { sql, limit: LIMIT }, signal });
  return parseExact(await response.text()) as SqlResult;
}

export function SqlPage() {
  const t = useT();
  const navigate = useNavigate();
  const { q } = useSearch({ from: '/inside/sql' });
  const editor = useRef<EditorHandle>(null);
  const running = useRef<AbortController>(undefined);
  const [start] = useState(q ?? FIRST);
  const query = useMutation({
    mutationFn: (sql: string) => {
      running.current?.abort();
      running.current = new AbortController();
      return ask(sql, running.current.signal);
    },
    onError: (error) => {
      if (error instanceof ApiError && error.at !== undefined) editor.current?.markError(error.at, error.message);
      if (error instanceof ApiError && error.status === 401) void navigate({ to: '/signin', search: { to: '/sql' } });
    },
  });
  const { mutate } = query;
  const run = useCallback(
    (sql: string) => {
      editor.current?.markError(undefined, '');
      void navigate({ to: '/sql', search: { q: sql }, replace: true });
      mutate(sql);
    },
    [mutate, navigate],
  );
  const cancel = useCallback(() => running.current?.abort(), []);
  useEffect(() => cancel, [cancel]);
  const keys = useMemo<Binding[]>(() => [{ keys: 'e', does: 'sql.toEditor', run: () => editor.current?.focus() }], []);
  useKeys(keys);

  const cancelled = query.error instanceof DOMException && query.error.name === 'AbortError';
  return (
    <div className="sql">
      <div className="sql-head">
        <PageTitle>{t('sql.title')}</PageTitle>
        <span className="muted">{t('sql.keys')}</span>
      </div>
      <Editor ref={editor} label={t('sql.editor')} start={start} onRun={run} onCancel={cancel} />
      <div className="sql-bar">
        <button type="button" className="button" data-primary onClick={() => run(editor.current?.text() ?? '')}>
          {t('sql.run')}
        </button>
        {query.isPending && <Running onCancel={cancel} />}
        {query.data && !query.isPending && <Facts result={query.data} />}
        {query.data && (
          <button type="button" className="button" onClick={() => download(query.data)}>
            {t('sql.csv')}
          </button>
        )}
      </div>
      <div className="sql-result">
        {cancelled && <p className="notice">{t('sql.cancelled')}</p>}
        {query.error && !cancelled && <Problem error={query.error} sql={query.variables ?? ''} />}
        {query.data && <ResultGrid result={query.data} />}
        {!query.data && !query.error && !query.isPending && <p className="muted sql-empty">{t('sql.empty')}</p>}
      </div>
    </div>
  );
}

function Running({ onCancel }: { onCancel: () => void }) {
  const t = useT();
  const visible = useLasting(200);
  if (!visible) return null;
  return (
    <>
      <span role="status">{t('sql.running')}</span>
      <button type="button" className="button" onClick={onCancel}>
        {t('waiting.cancel')}
      </button>
    </>
  );
}

function Facts({ result }: { result: SqlResult }) {
  const t = useT();
  return (
    <p className="sql-facts" role="status">
      <b>{t('sql.rows', { count: result.rows.length })}</b>
      {result.truncated && <b className="sql-truncated"> {t('sql.truncated', { limit: result.rows.length })}</b>}
      <span className="muted">
        {' · '}
        {t('sql.ms', { ms: Math.round(result.ms) })} · {t('sql.lag', { seconds: Math.round(result.lag_s * 10) / 10 })} · {t('sql.seq', { seq: result.seq })}
      </span>
    </p>
  );
}

/** What is wrong with the statement and where; or why the server could not run it at all. */
function Problem({ error, sql }: { error: Error; sql: string }) {
  const t = useT();
  if (!(error instanceof ApiError)) return <Failure error={error} />;
  if (error.status === 404 || error.status === 501) {
    return (
      <div className="notice" data-kind="warn" role="alert">
        <b>{t('sql.absent.title')}</b>
        <p>{t('sql.absent.text')}</p>
      </div>
    );
  }
  if (error.status !== 400 && error.status !== 422) return <Failure error={error} />;
  const before = error.at === undefined ? undefined : sql.slice(0, charactersBefore(sql, error.at)).split('\n');
  return (
    <div className="notice" data-kind="danger" role="alert">
      <b>
        {before ? t('sql.errorAt', { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }) : t('sql.error')}
      </b>
      <pre className="sql-words" lang="en">{error.message}</pre>
      {error.hint && <p>{error.hint}</p>}
    </div>
  );
}

const NUMERIC = /^(u?int|float|double|decimal|bigint|smallint|tinyint|real|numeric)/i;

function ResultGrid({ result }: { result: SqlResult }) {
  const t = useT();
  const columns = useMemo<Column[]>(
    () =>
      result.columns.map((column, n) => {
        const sample = result.rows.slice(0, 200).reduce((longest, row) => Math.max(longest, cellText(row[n]).length), 0);
        const characters = Math.max(column.name.length + column.type.length + 1, sample);
        return { name: column.name, note: column.type, align: NUMERIC.test(column.type) ? 'end' : 'start', width: Math.min(420, Math.max(72, characters * 8 + 20)) };
      }),
    [result],
  );
  if (columns.length === 0) return <p className="muted">{t('sql.noColumns')}</p>;
  return (
    <DataGrid
      label={t('sql.result')}
      columns={columns}
      rows={result.rows.length}
      cell={(row, column) => {
        const value = result.rows[row]?.[column];
        return value === null || value === undefined ? <span className="muted">∅</span> : cellText(value);
      }}
      text={(row, column) => cellText(result.rows[row]?.[column])}
    />
  );
}

function download(result: SqlResult): void {
  const url = URL.createObjectURL(new Blob([csvOf(result)], { type: 'text/csv;charset=utf-8' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = `medweave-${result.seq}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1_000);
}
