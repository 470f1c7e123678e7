import { Link } from '@tanstack/react-router';
import { ApiError } from '../api/client';
import { say, useT, type Said, type Translate } from '../i18n';
import { useSession } from '../live/session';

interface Words {
  title: string;
  text: string;
}

/** A part of the pages that the server has no longer, or that could not be fetched although the server is there: only a reload helps. */
export class PartMissing extends Error {}

/** What went wrong and what to do, by the kind of answer. */
function wordsOf(t: Translate, error: unknown): Words {
  if (error instanceof PartMissing) return { title: t('failure.part.title'), text: t('failure.part.text') };
  if (!(error instanceof ApiError)) return { title: t('failure.page.title'), text: t('failure.page.text') };
  switch (error.status) {
    case 0:
      return { title: t('failure.offline.title'), text: t('failure.offline.text') };
    case 401:
      return { title: t('failure.signedOut.title'), text: t('failure.signedOut.text') };
    case 403:
      return { title: t('failure.denied.title'), text: t('failure.denied.text') };
    case 404:
      return { title: t('failure.missing.title'), text: t('failure.missing.text') };
    case 410:
      return { title: t('failure.gone.title'), text: t('failure.gone.text') };
    case 429:
    case 503:
      return { title: t('failure.busy.title'), text: t('failure.busy.text', { seconds: error.wait_s ?? 10 }) };
    case 501:
      return { title: t('failure.absent.title'), text: t('failure.absent.text') };
    case 507:
      return { title: t('failure.full.title'), text: t('failure.full.text') };
    default:
      return error.status >= 500
        ? { title: t('failure.broken.title'), text: t('failure.broken.text') }
        : { title: t('failure.refused.title', { status: error.status }), text: t('failure.refused.text') };
  }
}

/** How messages begin that say why the rooms of tables refuse something; which page shows them has them. */
const PROBLEM = 'problem.';

/** What the server said by a code, in the reader's language. */
function saidOf(t: Translate, { details: { said } }: ApiError): string | undefined {
  if (typeof said !== 'object' || said === null || !('code' in said)) return undefined;
  return say(t, PROBLEM + String(said.code), said as unknown as Said);
}

/** Whether nothing but another page helps. */
const leadsAway = (error: unknown): boolean => !(error instanceof ApiError) || [403, 404, 410, 501].includes(error.status);

/** An error in the place of what it kept from showing. */
export function Failure({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const t = useT();
  const { title, text } = wordsOf(t, error);
  const patients = useSession()?.features.includes('patients') ?? false;
  const api = error instanceof ApiError ? error : undefined;
  const words = api && saidOf(t, api);
  const stale = error instanceof PartMissing;
  // Where the reason is said in words, the number of the answer tells nobody more.
  const refused = words !== undefined && api !== undefined && api.status >= 400 && api.status < 500 && !leadsAway(error);
  const again = onRetry && !stale && (!api || api.status === 0 || api.status >= 429);
  return (
    <div className="failure" role="alert">
      <h2>{refused ? t('failure.notDone.title') : title}</h2>
      {!refused && <p>{text}</p>}
      {words && <p className="failure-words">{words}</p>}
      {!words && api?.message && (
        <p className="failure-words">
          {t('failure.serverSays')} <q lang="en">{api.message}</q>
        </p>
      )}
      {api?.id && (
        <p>
          {t('failure.id')} <code>{api.id}</code>{' '}
          <button type="button" className="button" onClick={() => void navigator.clipboard?.writeText(api.id ?? '')}>
            {t('failure.copy')}
          </button>
        </p>
      )}
      <p className="failure-ways">
        {stale && (
          <button type="button" className="button" data-primary onClick={() => globalThis.location.reload()}>
            {t('shell.reloadNow')}
          </button>
        )}
        {again && (
          <button type="button" className="button" data-primary onClick={onRetry}>
            {t('failure.retry')}
          </button>
        )}
        {patients && leadsAway(error) && (
          <Link to="/patients" search={{ q: '' }} className="button">
            {t('failure.toPatients')}
          </Link>
        )}
      </p>
    </div>
  );
}

/** A bar over data that stays: the newest try to renew it failed. */
export function StaleBar({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const t = useT();
  // That the server does not answer is said once, by the frame of all pages.
  if (!error || (error instanceof ApiError && error.status === 0)) return null;
  return (
    <div className="stale-bar" role="status">
      <span>
        <b>{wordsOf(t, error).title}</b> {t('failure.keeping')}
      </span>
      <button type="button" className="button" onClick={onRetry}>
        {t('failure.retry')}
      </button>
    </div>
  );
}
