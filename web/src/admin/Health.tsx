import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useT } from '../i18n';
import { Failure, StaleBar } from '../parts/Failure';
import { Waiting } from '../parts/Waiting';
import { AsOf } from '../parts/When';
import { zoneName } from '../parts/time';
import { bytesIn, clockSkew_s, durationOf } from './figures';
import { Instant } from '../parts/Instant';
import { Fact } from '../parts/Panel';
import { useHealth, type Health as Told } from './queries';
import '../parts/where.css';

/** A clock that is further off than this makes times wrong that people compare. */
const SKEW_S = 30;
/** A lake that is further behind makes answers of SQL old. */
const LAG_S = 60;

/** How the program is: whether it answers, since when it runs, what its disk holds, what of its sources waits. */
export function Health() {
  const health = useHealth();
  const { data } = health;
  if (!data) return health.error ? <Failure error={health.error} onRetry={() => void health.refetch()} /> : <Waiting lines={10} />;
  return (
    <div className="page">
      <StaleBar error={health.error} onRetry={() => void health.refetch()} />
      <p className="page-note muted admin-facts">
        <AsOf at_ms={health.dataUpdatedAt} />
      </p>
      <div className="health">
        <Program told={data} />
        <Disk told={data} />
        <Copies told={data} />
        <Lake told={data} />
        <SourcesOf told={data} />
      </div>
    </div>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="panel health-part" aria-label={title}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

/** Whether something is as it should be: a mark, and words. */
function Sign({ good, children }: { good: boolean; children: ReactNode }) {
  return good ? (
    <span className="health-good">✓ {children}</span>
  ) : (
    <span className="state health-bad" data-kind="danger">
      {children}
    </span>
  );
}

function Program({ told: { status, ready, answer_ms, here_ms } }: { told: Told }) {
  const t = useT();
  const skew_s = clockSkew_s(status.now, here_ms);
  return (
    <Section title={t('health.program')}>
      <dl className="where-facts health-facts">
        <Fact name={t('health.answers')}>
          <Sign good>{t('health.answersIn', { ms: Math.max(1, Math.round(answer_ms)) })}</Sign>
        </Fact>
        <Fact name={t('health.ready')}>
          <Sign good={ready}>{t(ready ? 'health.isReady' : 'health.isStopping')}</Sign>
        </Fact>
        <Fact name={t('about.version')}>
          <code>{status.build}</code>
        </Fact>
        <Fact name={t('health.started')}>
          <Instant at={status.started} /> <span className="muted">{t('health.since', durationOf(status.uptime_seconds))}</span>
        </Fact>
        <Fact name={t('health.clock')}>
          <Instant at={status.now} />{' '}
          <Sign good={Math.abs(skew_s) <= SKEW_S}>{t(Math.abs(skew_s) <= SKEW_S ? 'health.clockSame' : skew_s > 0 ? 'health.clockAhead' : 'health.clockBehind', { seconds: Math.round(Math.abs(skew_s)) })}</Sign>
        </Fact>
        <Fact name={t('health.zone')}>{zoneName(status.zone)}</Fact>
        <Fact name={t('health.feed')}>{t('value.number', { n: status.feed })}</Fact>
      </dl>
    </Section>
  );
}

const FOLDERS = ['records', 'arrivals', 'lake', 'audit', 'access'] as const;

function Disk({ told: { status } }: { told: Told }) {
  const t = useT();
  const { data, disk_bytes } = status;
  if (!disk_bytes) return null;
  const total = FOLDERS.reduce((sum, folder) => sum + disk_bytes[folder], 0);
  return (
    <Section title={t('health.disk')}>
      <p className="panel-empty">
        <span className="muted">{t('health.folder')}</span> <code>{data}</code>
      </p>
      <table className="rows" data-narrow>
        <tbody>
          {FOLDERS.map((folder) => (
            <tr key={folder}>
              <th scope="row">{t(`health.of.${folder}`)}</th>
              <td className="number">
                <span className="health-bar" aria-hidden>
                  <span className="share" style={{ inlineSize: `${total === 0 ? 0 : (100 * disk_bytes[folder]) / total}%` }} />
                </span>
                <span className="health-bytes">{bytesIn(t, disk_bytes[folder])}</span>
              </td>
            </tr>
          ))}
          <tr>
            <th scope="row">{t('health.total')}</th>
            <td className="number">
              <b>{bytesIn(t, total)}</b>
            </td>
          </tr>
        </tbody>
      </table>
    </Section>
  );
}

/** A copy that is older is too old. */
const DAY_MS = 86_400_000;

function Copies({ told: { status, here_ms } }: { told: Told }) {
  const t = useT();
  const { backup } = status;
  // Who does not administer the system is not told.
  if (backup === undefined) return null;
  const taken = backup?.taken ?? undefined;
  const isOld = taken === undefined || here_ms - Date.parse(taken) > DAY_MS;
  return (
    <Section title={t('health.backup')}>
      {backup ? (
        <dl className="where-facts health-facts">
          <Fact name={t('health.backupLast')}>
            {taken === undefined ? (
              <Sign good={false}>{t('value.none')}</Sign>
            ) : (
              <>
                <Instant at={taken} /> {isOld && <Sign good={false}>{t('health.backupOld')}</Sign>}
              </>
            )}
          </Fact>
          <Fact name={t('health.backupPlace')}>
            <code>{backup.place}</code>
          </Fact>
          {backup.problem !== null && (
            <Fact name={t('health.problem')}>
              <span className="danger" lang="en">
                {backup.problem}
              </span>
            </Fact>
          )}
        </dl>
      ) : (
        <p className="panel-empty muted">
          {t('health.backupNone')} <code>medweave serve --backup-to DIR --backup-recipient age1…</code>
        </p>
      )}
    </Section>
  );
}

function Lake({ told: { status } }: { told: Told }) {
  const t = useT();
  const { lake } = status;
  return (
    <Section title={t('health.lake')}>
      {lake ? (
        <dl className="where-facts health-facts">
          <Fact name={t('health.lag')}>
            <Sign good={lake.lag_s <= LAG_S}>{t('health.lagOf', { seconds: lake.lag_s })}</Sign>
          </Fact>
          <Fact name={t('health.position')}>{t('value.number', { n: lake.seq })}</Fact>
          <Fact name={t('health.flushed')}>{t('value.number', { n: lake.flushed })}</Fact>
          {lake.problem !== null && (
            <Fact name={t('health.problem')}>
              <span className="danger" lang="en">
                {lake.problem}
              </span>
            </Fact>
          )}
        </dl>
      ) : (
        <p className="panel-empty muted">
          {t('health.lakeUntold')} <code>medweave lake status</code>
        </p>
      )}
    </Section>
  );
}

const WAITING = ['late_sources', 'failed_pulls', 'failed_runs'] as const;

function SourcesOf({ told: { status } }: { told: Told }) {
  const t = useT();
  const has = WAITING.some((kind) => status[kind] !== undefined);
  return (
    <Section title={t('health.sources')}>
      {has ? (
        <dl className="where-facts health-facts">
          {WAITING.map((kind) => (
            <Fact key={kind} name={t(`health.${kind}`)}>
              {(status[kind] ?? []).length === 0 ? (
                <Sign good>{t('value.none')}</Sign>
              ) : (
                (status[kind] ?? []).map((name) => (
                  <Link key={name} to="/sources/$name/{-$tab}" params={{ name }} className="state health-source" data-kind="danger">
                    {name}
                  </Link>
                ))
              )}
            </Fact>
          ))}
        </dl>
      ) : (
        <p className="panel-empty muted">{t('health.noSources')}</p>
      )}
    </Section>
  );
}
