import { Link } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import type { Delivery } from '../api/types';
import { useT } from '../i18n';
import { Count } from '../parts/Count';
import { Failure, StaleBar } from '../parts/Failure';
import { Empty } from '../parts/Page';
import { Waiting } from '../parts/Waiting';
import { Ago, At } from '../parts/When';
import { useDeliveries } from './queries';

const sum = (delivery: Delivery, of: 'new' | 'gone' | 'bad'): number => delivery.tables.reduce((total, table) => total + table[of], 0);

/** What a source delivered, newest first; each opens to its tables. */
export function DeliveryList({ name }: { name: string }) {
  const t = useT();
  const deliveries = useDeliveries(name);
  const list = deliveries.data?.deliveries;
  if (!list) return deliveries.error ? <Failure error={deliveries.error} onRetry={() => void deliveries.refetch()} /> : <Waiting lines={8} />;
  if (list.length === 0) {
    return (
      <Empty title={t('source.noDeliveries.title')} command={`medweave source pull ${name}`}>
        <p>{t('source.noDeliveries.text')}</p>
      </Empty>
    );
  }
  return (
    <>
      <StaleBar error={deliveries.error} onRetry={() => void deliveries.refetch()} />
      <p className="muted page-note">{t('source.deliveriesHelp')}</p>
      <div className="panel fold-list">
        {list.map((delivery, n) => (
          <OneDelivery key={delivery.delivery} name={name} delivery={delivery} first={n === 0} />
        ))}
      </div>
    </>
  );
}

interface OneProps {
  name: string;
  delivery: Delivery;
  first: boolean;
}

/** One delivery in a line; its tables, of which there may be hundreds, are drawn while it is open. */
function OneDelivery({ name, delivery, first }: OneProps) {
  const t = useT();
  const [open, setOpen] = useState(first);
  return (
    <div className="delivery">
      <details className="fold-row" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary data-item className="delivery-line">
          <b>{t('source.delivery', { no: delivery.delivery })}</b>
          <span className="fixed">
            <At at={delivery.at} />
          </span>
          <span className="muted fixed">
            <Ago at_ms={Date.parse(delivery.at)} />
          </span>
          <span className="fixed number">
            <Count of={sum(delivery, 'new')} sign="+" /> <span className="muted">{t('source.rowsNew')}</span>
          </span>
          <span className="fixed number">
            <Count of={sum(delivery, 'gone')} sign="−" /> <span className="muted">{t('source.rowsGone')}</span>
          </span>
        </summary>
        {open && <OfTables name={name} delivery={delivery} />}
      </details>
      {/* What unfolds must hold nothing else to press: the link lies on its line. */}
      {sum(delivery, 'bad') > 0 && (
        <Unread name={name} kind="state">
          {t('source.badRows', { count: sum(delivery, 'bad') })}
        </Unread>
      )}
    </div>
  );
}

/** Leads to the rows that could not be read, with why. */
function Unread({ name, kind, children }: { name: string; kind?: 'state'; children: ReactNode }) {
  return (
    <Link to="/sources/$name/{-$tab}" params={{ name, tab: 'letters' }} search={{ unread: true, dealt: true }} className={kind ?? 'danger'} data-kind={kind && 'danger'}>
      {children}
    </Link>
  );
}

function OfTables({ name, delivery }: { name: string; delivery: Delivery }) {
  const t = useT();
  return (
    <table className="rows">
      <thead>
        <tr>
          <th scope="col">{t('source.table')}</th>
          <th scope="col">{t('source.file')}</th>
          <th scope="col" className="number">{t('source.rows')}</th>
          <th scope="col" className="number">{t('source.rowsNew')}</th>
          <th scope="col" className="number">{t('source.rowsGone')}</th>
          <th scope="col" className="number">{t('source.rowsBad')}</th>
        </tr>
      </thead>
      <tbody>
        {delivery.tables.map((table) => (
          <tr key={table.name}>
            <th scope="row">{table.name}</th>
            <td>
              <code>{table.file}</code>
            </td>
            <td className="number" data-label={t('source.rows')}>
              <Count of={table.rows} />
            </td>
            <td className="number" data-label={t('source.rowsNew')}>
              <Count of={table.new} sign="+" />
            </td>
            <td className="number" data-label={t('source.rowsGone')}>
              <Count of={table.gone} sign="−" />
            </td>
            <td className="number" data-label={t('source.rowsBad')}>
              {table.bad > 0 ? (
                <Unread name={name}>
                  <b>
                    <Count of={table.bad} />
                  </b>
                </Unread>
              ) : (
                <Count of={0} />
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
