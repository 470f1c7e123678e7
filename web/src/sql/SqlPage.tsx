import { useMutation } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useEffect, useId, useMemo, useRef, useState } from 'react';
import { ApiError } from '../api/client';
import type { SqlResult } from '../api/types';
import { WhereFrom } from '../fetched';
import { useT } from '../i18n';
import { useLasting } from '../live/clock';
import { useSession } from '../live/session';
import { PageTitle } from '../parts/Page';
import { AsOf } from '../parts/When';
import { useFocusBack, useKeys, type Binding } from '../shell/keys';
import { MenuButton } from '../shell/Menus';
import { ask, askFile, FILES, save, type FileForm } from './ask';
import { useTables } from './catalogue';
import { Editor, type EditorHandle } from './Editor';
import { historyOf } from './history';
import { LIMIT, LIMITS } from './limits';
import { Problem } from './Problem';
import { csvOf } from './result';
import { referencesOf } from './reference';
import { ResultGrid } from './ResultGrid';
import { Side } from './Side';
import './sql.css';

const FIRST = 'SELECT * FROM patient LIMIT 100';

/** An answer, with what was asked and when it came. */
interface Answered {
  sql: string;
  result: SqlResult;
  at_ms: number;
}

interface Question {
  sql: string;
  /** As a file instead of on the page. */
  form?: FileForm;
}

const isCancelled = (error: unknown): boolean => error instanceof DOMException && error.name === 'AbortError';

/** One controller at a time: a new question ends the one before. */
function useQuestion(limit: number, account: string) {
  const running = useRef<AbortController>(undefined);
  // What was there stays until something newer is.
  const [answered, setAnswered] = useState<Answered>();
  const question = useMutation({
    mutationFn: async ({ sql, form }: Question) => {
      running.current?.abort();
      const own = new AbortController();
      running.current = own;
      const at_ms = Date.now();
      try {
        if (form) {
          const { content, seq } = await askFile(sql, form, own.signal);
          save(content, `medweave-${seq}.${FILES[form]}`);
          return;
        }
        const result = await ask(sql, limit, own.signal);
        setAnswered({ sql, result, at_ms: Date.now() });
        historyOf(account).remember({ sql, at_ms, rows: result.rows.length });
      } catch (error) {
        if (!form && error instanceof ApiError && error.status > 0) historyOf(account).remember({ sql, at_ms });
        throw error;
      }
    },
  });
  const cancel = useCallback(() => running.current?.abort(), []);
  useEffect(() => cancel, [cancel]);
  return { question, answered, cancel };
}

export function SqlPage() {
  const t = useT();
  const navigate = useNavigate();
  const { q, limit = LIMIT, where } = useSearch({ from: '/inside/sql' });
  const account = useSession()?.person?.account ?? '';
  const editor = useRef<EditorHandle>(null);
  const [start] = useState(q ?? FIRST);
  const tables = useTables();
  const { question, answered, cancel } = useQuestion(limit, account);
  const { mutate, error } = question;

  const run = useCallback(
    (sql: string) => {
      editor.current?.markError(undefined, '');
      // The address holds everything that is written, so that what is sent on is what is seen.
      void navigate({ to: '/sql', search: (before) => ({ ...before, q: editor.current?.text() ?? sql }), replace: true, resetScroll: false });
      mutate({ sql });
    },
    [mutate, navigate],
  );
  useEffect(() => {
    if (error instanceof ApiError && error.at !== undefined) editor.current?.markError(error.at, error.message);
  }, [error]);
  const openWhere = useCallback(
    (reference: string | undefined) =>
      void navigate({
        to: '/sql',
        search: (before) => {
          const next = { ...before };
          delete next.where;
          return reference ? { ...next, where: reference } : next;
        },
        replace: true,
        resetScroll: false,
      }),
    [navigate],
  );
  useFocusBack(where ? `[data-where="${CSS.escape(where)}"]` : '', '[data-cell]');
  const keys = useMemo<Binding[]>(
    () => [
      { does: 'sql.toEditor', run: () => editor.current?.focus() },
      { fixed: 'Escape', does: 'keys.close', run: () => openWhere(undefined) },
    ],
    [openWhere],
  );
  useKeys(keys);

  const reference = useMemo(() => (answered ? referencesOf(answered.sql, answered.result, tables ?? []) : () => undefined), [answered, tables]);
  const cancelled = isCancelled(error);
  return (
    <div className="sql" data-panel={where ? '' : undefined}>
      <Side tables={tables} account={account} onInsert={(text) => editor.current?.insert(text)} onTake={(sql) => editor.current?.replace(sql)} />
      <div className="sql-main">
        <div className="sql-head">
          <PageTitle>{t('sql.title')}</PageTitle>
          <span className="muted">{t('sql.keys')}</span>
        </div>
        <Editor ref={editor} label={t('sql.editor')} start={start} tables={tables} onRun={run} onCancel={cancel} />
        <div className="sql-bar">
          <button type="button" className="button" data-primary onClick={() => run(editor.current?.statement() ?? '')}>
            {t('sql.run')}
          </button>
          <Limit limit={limit} onLimit={(rows) => void navigate({ to: '/sql', search: (before) => ({ ...before, limit: rows }), replace: true, resetScroll: false })} />
          {question.isPending && <Running onCancel={cancel} />}
          <span className="sql-space" />
          {answered && <Files answered={answered} onFile={(form) => mutate({ sql: answered.sql, form })} />}
          <CopyLink />
        </div>
        <div className="sql-result">
          {cancelled && <p className="notice">{t('sql.cancelled')}</p>}
          {error && !cancelled && <Problem error={error} sql={question.variables?.sql ?? ''} />}
          {answered && (error || question.isPending) && <p className="muted">{t('sql.before')}</p>}
          {answered && <Facts answered={answered} />}
          {answered && <ResultGrid key={answered.at_ms} result={answered.result} reference={reference} onWhere={openWhere} />}
          {!answered && !error && !question.isPending && <p className="muted sql-empty">{t('sql.empty')}</p>}
        </div>
      </div>
      {where && (
        <WhereFrom key={where} patient="" reference={where} field={undefined} onClose={() => openWhere(undefined)} />
      )}
    </div>
  );
}

function Limit({ limit, onLimit }: { limit: number; onLimit: (rows: number) => void }) {
  const t = useT();
  const id = useId();
  return (
    <span className="sql-limit">
      <label htmlFor={id} className="muted">
        {t('sql.limit')}
      </label>
      <select id={id} className="input" value={limit} onChange={(event) => onLimit(Number(event.target.value))}>
        {LIMITS.map((rows) => (
          <option key={rows} value={rows}>
            {t('sql.limitRows', { count: rows })}
          </option>
        ))}
      </select>
    </span>
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

function Facts({ answered: { result, at_ms } }: { answered: Answered }) {
  const t = useT();
  return (
    <p className="sql-facts" role="status">
      <b>{t('sql.rows', { count: result.rows.length })}</b>
      {result.truncated && <b className="sql-truncated"> {t('sql.truncated', { limit: result.rows.length })}</b>}
      <span className="muted">
        {' · '}
        {t('sql.ms', { ms: Math.round(result.ms) })} · {t('sql.lag', { seconds: Math.round(result.lag_s * 10) / 10 })} · {t('sql.seq', { seq: result.seq })} · <AsOf at_ms={at_ms} />
      </span>
    </p>
  );
}

/** The result as a file. What is on the page whole is written as CSV from there; anything else is asked for anew. */
function Files({ answered: { result }, onFile }: { answered: Answered; onFile: (form: FileForm) => void }) {
  const t = useT();
  return (
    <MenuButton
      className="sql-files"
      label={t('sql.file')}
      choices={(Object.keys(FILES) as FileForm[]).map((form) => ({ id: form, text: t(`sql.file.${form}`) }))}
      onChoose={(id) => {
        const form = (Object.keys(FILES) as FileForm[]).find((name) => name === id);
        if (form === 'csv' && !result.truncated) save(new Blob([csvOf(result)], { type: 'text/csv;charset=utf-8' }), `medweave-${result.seq}.csv`);
        else if (form) onFile(form);
      }}
    >
      {t('sql.file')} <span aria-hidden>▾</span>
    </MenuButton>
  );
}

function CopyLink() {
  const t = useT();
  const [copied, setCopied] = useState(false);
  return (
    <button
      type="button"
      className="button"
      onBlur={() => setCopied(false)}
      onClick={() => {
        void navigator.clipboard?.writeText(globalThis.location.href).then(() => setCopied(true));
      }}
    >
      <span role="status">{t(copied ? 'sql.linkCopied' : 'sql.link')}</span>
    </button>
  );
}
