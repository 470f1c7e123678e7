import { Link } from '@tanstack/react-router';
import { useT } from '../i18n';
import { dismissReplaying, stopReplaying, useReplaying } from './replaying';

/** Letters that are replayed one after the other: how far that is, and at its end what failed. */
export function ReplayingBar() {
  const t = useT();
  const now = useReplaying();
  if (!now) return null;
  const { running, count, done, stored, failed, stopped } = now;
  return (
    <div className="notice intake-lines" data-kind={failed.length > 0 ? 'warn' : undefined} role="status">
      <p className="intake-ways">
        {running && <progress className="act-far" max={count} value={done} aria-label={t('alike.progress')} />}
        <span>
          {t('alike.far', { done, count })} {!running && t(stopped ? 'alike.stopped' : 'alike.done', { stored, failed: failed.length })}
        </span>
        {running ? (
          <button type="button" className="button" onClick={stopReplaying}>
            {t('alike.stop')}
          </button>
        ) : (
          <button type="button" className="button" onClick={dismissReplaying}>
            {t('keys.close')}
          </button>
        )}
      </p>
      {failed.length > 0 && (
        <ul className="intake-plain">
          {failed.map(({ no, error }) => (
            <li key={no}>
              <Link to="/intake/{-$part}" params={{ part: 'refused' }} search={{ letter: no }}>
                {t('letter.title', { no: String(no) })}
              </Link>{' '}
              <span lang="en">{error.message || t('failure.offline.title')}</span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
