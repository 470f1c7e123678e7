import { ApiError } from '../api/client';
import type { Key } from '../i18n';
import { useT } from '../i18n';
import { Failure } from '../parts/Failure';

/** What an act of an administrator was refused for, by how the server says it; each is said in the reader's language. */
function wordOf(error: ApiError): Key | undefined {
  if (error.status === 409 && error.code === 'business-rule') return 'refused.lastAdministrator';
  if (error.status === 409 && error.code === 'duplicate') {
    if (error.message.startsWith('another account')) return 'refused.accountTaken';
    return error.message.includes('network') ? 'refused.addressTaken' : 'refused.senderTaken';
  }
  if (error.status === 403 && error.code === 'suppressed') return 'refused.disabled';
  if (error.status !== 422) return undefined;
  const [, of] = /^(password|account name|display name|source name|address|time zone|character set)\b/.exec(error.message) ?? [];
  switch (of) {
    case 'password':
      return 'refused.password';
    case 'account name':
    case 'display name':
    case 'source name':
      return 'refused.name';
    case 'address':
      return 'refused.address';
    case 'time zone':
      return 'refused.zone';
    case 'character set':
      return 'refused.charset';
    default:
      return undefined;
  }
}

/** Why something was not done: in words, with what the server says of it; or as any failure. */
export function Refused({ error }: { error: unknown }) {
  const t = useT();
  if (error === null || error === undefined) return null;
  const word = error instanceof ApiError ? wordOf(error) : undefined;
  if (word === undefined) return <Failure error={error} />;
  return (
    <div className="notice" data-kind="danger" role="alert">
      <p>{t(word)}</p>
      {error instanceof ApiError && (
        <p className="muted admin-small">
          {t('failure.serverSays')} <q lang="en">{error.message}</q>
        </p>
      )}
    </div>
  );
}
