import type { Token } from '../api/types';
import { useT } from '../i18n';
import { useNow } from '../live/clock';
import { Failure, StaleBar } from '../parts/Failure';
import { Empty } from '../parts/Page';
import { Toggle } from '../parts/Toggle';
import { Waiting } from '../parts/Waiting';
import { AsOf } from '../parts/When';
import { Who } from '../parts/Who';
import { opening, type PartProps } from './AdminPage';
import { Instant } from '../parts/Instant';
import { MakeToken } from './MakeToken';
import { OneToken } from './OneToken';
import { useTokens } from './queries';
import { RowLink } from './RowLink';
import { stateOf } from './tokenState';

/** The tokens by which programs come in; those that open nothing any more when asked for. */
export function Tokens({ search, set }: PartProps) {
  const t = useT();
  const tokens = useTokens();
  const now_ms = useNow(30_000);
  const { data } = tokens;
  if (!data) return tokens.error ? <Failure error={tokens.error} onRetry={() => void tokens.refetch()} /> : <Waiting lines={8} />;
  const newest = data.tokens.toReversed();
  const shown = search.all ? newest : newest.filter((token) => stateOf(token, now_ms) === 'valid');
  const opened = data.tokens.find((token) => token.id === search.token);
  return (
    <div className="source" data-panel={opened || search.make ? '' : undefined}>
      <div className="page">
        <StaleBar error={tokens.error} onRetry={() => void tokens.refetch()} />
        <div className="admin-bar">
          <Toggle on={search.all ?? false} onChange={(on) => set({ all: on || undefined })}>
            {t('tokens.all', { count: data.tokens.length - newest.filter((token) => stateOf(token, now_ms) === 'valid').length })}
          </Toggle>
          <span className="spacer" />
          <button type="button" className="button" data-primary data-make onClick={() => set(opening({ make: true }))}>
            {t('tokens.make')}
          </button>
        </div>
        <p className="page-note muted admin-facts">
          <span>{t('tokens.count', { count: shown.length })}</span>
          <AsOf at_ms={tokens.dataUpdatedAt} />
        </p>
        {shown.length === 0 ? (
          <Empty title={t('tokens.none.title')} command="medweave token create --scope 'system/*.rs' --name dashboard">
            <p>{t('tokens.none.text')}</p>
          </Empty>
        ) : (
          <List tokens={shown} opened={search.token} now_ms={now_ms} />
        )}
      </div>
      {search.make && <MakeToken onClose={() => set({ make: undefined })} />}
      {opened && !search.make && <OneToken key={opened.id} token={opened} onClose={() => set({ token: undefined })} />}
    </div>
  );
}

interface ListProps {
  tokens: Token[];
  opened: number | undefined;
  now_ms: number;
}

function List({ tokens, opened, now_ms }: ListProps) {
  const t = useT();
  return (
    <div className="panel admin-list">
      <table className="rows">
        <thead>
          <tr>
            <th scope="col">{t('tokens.name')}</th>
            <th scope="col">{t('tokens.scopes')}</th>
            <th scope="col">{t('tokens.state')}</th>
            <th scope="col">{t('tokens.used')}</th>
            <th scope="col">{t('tokens.expires')}</th>
            <th scope="col" className="admin-lesser">
              {t('tokens.made')}
            </th>
          </tr>
        </thead>
        <tbody>
          {tokens.map((token) => (
            <tr key={token.id} data-link data-open={token.id === opened ? '' : undefined}>
              <th scope="row">
                <RowLink part="tokens" opens={{ token: token.id }} row={`token-${token.id}`} open={token.id === opened}>
                  {token.name}
                </RowLink>
              </th>
              <td data-label={t('tokens.scopes')}>
                <code>{token.scope}</code>
              </td>
              <td className="fixed">
                <State token={token} now_ms={now_ms} />
              </td>
              <td data-label={t('tokens.used')}>{token.used ? <Instant at={token.used} /> : <span className="muted">{t('tokens.never')}</span>}</td>
              <td data-label={t('tokens.expires')}>{token.expires ? <Instant at={token.expires} /> : <span className="muted">{t('tokens.noEnd')}</span>}</td>
              <td className="admin-lesser" data-label={t('tokens.made')}>
                <Instant at={token.created} /> <span className="muted">· <Who who={token.created_by} /></span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function State({ token, now_ms }: { token: Token; now_ms: number }) {
  const t = useT();
  const state = stateOf(token, now_ms);
  if (state === 'valid') return <span className="muted">✓ {t('tokens.state.valid')}</span>;
  return (
    <span className="state" data-kind={state === 'revoked' ? 'danger' : undefined}>
      {t(`tokens.state.${state}`)}
    </span>
  );
}
