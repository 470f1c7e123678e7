import { Link } from '@tanstack/react-router';
import type { AllowedSender } from '../api/types';
import { useT } from '../i18n';
import { Failure, StaleBar } from '../parts/Failure';
import { Empty } from '../parts/Page';
import { Waiting } from '../parts/Waiting';
import { AsOf } from '../parts/When';
import { opening, type PartProps } from './AdminPage';
import { AllowSender } from './AllowSender';
import { Instant } from '../parts/Instant';
import { OneSender } from './OneSender';
import { useSenders } from './queries';
import { RowLink } from './RowLink';

/** Whose messages are let in: addresses and networks. */
export function Senders({ search, set }: PartProps) {
  const t = useT();
  const senders = useSenders();
  const { data } = senders;
  if (!data) return senders.error ? <Failure error={senders.error} onRetry={() => void senders.refetch()} /> : <Waiting lines={8} />;
  const opened = data.sources.find((sender) => sender.id === search.sender);
  return (
    <div className="source" data-panel={opened || search.make ? '' : undefined}>
      <div className="page">
        <StaleBar error={senders.error} onRetry={() => void senders.refetch()} />
        <div className="admin-bar">
          <p className="page-note">
            <span className="muted">{t('senders.text')}</span> <Link to="/sources">{t('senders.toSources')}</Link>
          </p>
          <span className="spacer" />
          <button type="button" className="button" data-primary data-make onClick={() => set(opening({ make: true }))}>
            {t('senders.allow')}
          </button>
        </div>
        <p className="page-note muted admin-facts">
          <span>{t('senders.count', { count: data.sources.length })}</span>
          <AsOf at_ms={senders.dataUpdatedAt} />
        </p>
        {data.sources.length === 0 ? (
          <Empty title={t('senders.none.title')} command="medweave source allow 10.1.0.0/16 --name laboratory">
            <p>{t('senders.none.text')}</p>
          </Empty>
        ) : (
          <List senders={data.sources} opened={search.sender} />
        )}
      </div>
      {search.make && <AllowSender onAllowed={(id) => set(opening({ sender: id }))} onClose={() => set({ make: undefined })} />}
      {opened && !search.make && <OneSender key={opened.id} sender={opened} onClose={() => set({ sender: undefined })} />}
    </div>
  );
}

function List({ senders, opened }: { senders: AllowedSender[]; opened: number | undefined }) {
  const t = useT();
  return (
    <div className="panel admin-list">
      <table className="rows">
        <thead>
          <tr>
            <th scope="col">{t('senders.name')}</th>
            <th scope="col">{t('senders.address')}</th>
            <th scope="col">{t('senders.zone')}</th>
            <th scope="col">{t('senders.charset')}</th>
            <th scope="col" className="admin-lesser">
              {t('senders.allowed')}
            </th>
          </tr>
        </thead>
        <tbody>
          {senders.map((sender) => (
            <tr key={sender.id} data-link data-open={sender.id === opened ? '' : undefined}>
              <th scope="row">
                <RowLink part="senders" opens={{ sender: sender.id }} row={`sender-${sender.id}`} open={sender.id === opened}>
                  {sender.name}
                </RowLink>
              </th>
              <td data-label={t('senders.address')}>
                <code>{sender.address}</code>
              </td>
              <td data-label={t('senders.zone')}>{sender.zone}</td>
              <td data-label={t('senders.charset')}>
                <code>{sender.charset}</code>
              </td>
              <td className="admin-lesser" data-label={t('senders.allowed')}>
                <Instant at={sender.created} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
