import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { json } from '../api/client';
import type { Arrival, DeadLetter, Undone } from '../api/types';
import { useT, type Key } from '../i18n';
import { useSession } from '../live/session';
import { CharsetChoice } from '../parts/CharsetChoice';
import { doorText } from '../parts/door';
import { Failure } from '../parts/Failure';
import { Instant } from '../parts/Instant';
import { Act, Fact, Panel } from '../parts/Panel';
import { Waiting } from '../parts/Waiting';
import { whoText } from '../parts/who';
import { wrapperText } from '../parts/wrapper';
import { INTAKE, useArrival } from './queries';
import { RawText } from './RawText';
import { mayChange } from './rights';
import { OWN_DOORS, TABLE_DOORS } from './senders';
import { TakeBack } from './TakeBack';
import { useBytes, useReading } from './useBytes';

/** Bytes of an arrival that are shown; all of it can be had. */
const SHOWN_BYTES = 64 << 10;

interface Props {
  no: number;
  /** Letters of what came lately. */
  letters: DeadLetter[];
  onClose: () => void;
}

/** One arrival: its bytes as they came, what it became, and the way back. */
export function ArrivalPanel({ no, letters, onClose }: Props) {
  const t = useT();
  const found = useArrival(no);
  const { data } = found;
  return (
    <Panel title={data?.name || t('log.noName', { no: String(no) })} onClose={onClose}>
      {!data && (found.error ? <Failure error={found.error} onRetry={() => void found.refetch()} /> : <Waiting lines={8} />)}
      {data && <Opened arrival={data} letters={letters.filter((letter) => letter.arrival.no === no)} />}
    </Panel>
  );
}

function Opened({ arrival, letters }: { arrival: Arrival; letters: DeadLetter[] }) {
  const t = useT();
  const mayUndo = mayChange(useSession());
  const facts: [Key, string][] = [
    ['where.arrival', t('where.arrivalNo', { no: String(arrival.no) })],
    ['where.source', arrival.source],
    ['where.door', doorText(t, arrival.door)],
    ['where.principal', whoText(t, arrival.principal)],
    ['where.media', [arrival.media, wrapperText(t, arrival.wrapper)].filter(Boolean).join(' · ')],
    ['where.hash', arrival.hash],
  ];
  return (
    <>
      <dl className="where-facts">
        <Fact name={t('where.received')}>
          <Instant at={arrival.at} />
        </Fact>
        {facts
          .filter(([, text]) => text !== '')
          .map(([key, text]) => (
            <Fact key={key} name={t(key)}>
              {text}
            </Fact>
          ))}
        {arrival.undone && (
          <div className="danger">
            <dt>{t('where.undone')}</dt>
            <dd>
              <Instant at={arrival.undone} />
            </dd>
          </div>
        )}
      </dl>
      <Raw arrival={arrival} />
      <Act title={t('log.became')}>
        {letters.map((letter) => (
          <p key={letter.no}>
            <Link to="/intake/{-$part}" params={{ part: 'refused' }} search={{ letter: letter.no }} className="intake-letters">
              <span aria-hidden>{letter.state === 'open' ? '▲ ' : '✓ '}</span>
              {t('letter.title', { no: String(letter.no) })}
            </Link>{' '}
            <span lang="en">{letter.what}</span> <span className="muted">{t('letter.state', { state: letter.state })}</span>
          </p>
        ))}
        {arrival.undone ? (
          <p>{t('log.isUndone')}</p>
        ) : OWN_DOORS.includes(arrival.door) ? (
          <p className="muted">
            {t(TABLE_DOORS.includes(arrival.door) ? 'log.ofTables' : 'log.ofUndo')}{' '}
            {TABLE_DOORS.includes(arrival.door) && (
              <Link to="/sources/$name/{-$tab}" params={{ name: arrival.source, tab: 'runs' }}>
                {arrival.source}
              </Link>
            )}
          </p>
        ) : (
          <>
            {mayUndo ? <Became arrival={arrival} isRefused={letters.length > 0} /> : letters.length === 0 && <p className="muted">{t('log.becameDenied')}</p>}
          </>
        )}
      </Act>
    </>
  );
}

function Raw({ arrival: { no, length, media } }: { arrival: Arrival }) {
  const t = useT();
  const bytes = useBytes(`/api/arrivals/${no}`, Math.min(length, SHOWN_BYTES));
  const [reading, choose] = useReading(bytes.data);
  if (length === 0) return <p className="muted">{t('log.empty')}</p>;
  if (!bytes.data) return bytes.error ? <Failure error={bytes.error} onRetry={() => void bytes.refetch()} /> : <Waiting lines={6} />;
  const rest = length - bytes.data.length;
  return (
    <>
      <p className="where-bar">
        <CharsetChoice reading={reading} onChoose={choose} />
        <a className="button" href={`/api/arrivals/${no}/bytes`} download={`arrival-${no}`}>
          {t('where.download')}
        </a>
      </p>
      <RawText label={t('where.raw')} bytes={bytes.data} charset={reading.charset} media={media}>
        {rest > 0 && <span className="muted">{'\n'}{t('where.bytesAfter', { count: rest })}</span>}
      </RawText>
    </>
  );
}

/** What of the records stands there by this arrival alone: what taking it back would take away, which can be done here. */
function Became({ arrival: { no }, isRefused }: { arrival: Arrival; isRefused: boolean }) {
  const t = useT();
  const would = useQuery({
    // What was taken back is not asked again.
    queryKey: [`${INTAKE} became`, no],
    queryFn: ({ signal }) => json<Undone>(`/api/arrivals/${no}/undo?alone=true&dry_run=true`, { method: 'POST', signal }),
    staleTime: 10_000,
  });
  if (!would.data) return would.error ? <Failure error={would.error} /> : <Waiting lines={1} />;
  const { deleted, restored, left } = would.data;
  const isNothing = deleted + restored + left.length === 0;
  if (isNothing && isRefused) return null;
  return (
    <>
      {isNothing ? <p className="muted">{t('log.becameNone')}</p> : <p>{t('log.becameCount', { made: deleted, changed: restored, left: left.length })}</p>}
      {left.length > 0 && (
        <ul className="intake-plain">
          {left.slice(0, 8).map(({ type, id, version }) => (
            <li key={`${type}/${id}`}>
              <code>
                {type}/{id}
              </code>{' '}
              <span className="muted">{t('where.version', { version })}</span>
            </li>
          ))}
        </ul>
      )}
      <TakeBack no={no} label={t('back.look')} />
    </>
  );
}
