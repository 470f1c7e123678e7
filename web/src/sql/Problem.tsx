import { ApiError } from '../api/client';
import { useT } from '../i18n';
import { Failure } from '../parts/Failure';
import { charactersBefore } from './statement';

/** The engine's words without the place, which stands above them. */
const words = (message: string): string => message.replace(/ \(line \d+, column \d+\)/, '');

/** What is wrong with the statement and where; or why the server could not run it at all. */
export function Problem({ error, sql }: { error: Error; sql: string }) {
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
      <b>{before ? t('sql.errorAt', { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }) : t(error.status === 422 ? 'sql.tooCostly' : 'sql.error')}</b>
      <pre className="sql-words" lang="en">
        {words(error.message)}
      </pre>
      {error.hint && <p lang="en">{error.hint}</p>}
    </div>
  );
}
