import { useLanguage, useT } from '../i18n';
import { useConnection } from '../live/connection';
import { useZone } from '../live/session';
import { foreignOffset, formatMoment, isoInZone, localTime, since, zoneName, type Extent } from './time';
import { useNow } from '../live/clock';

/** The mark at a time that the source wrote on another clock. It is explained once in the head of the page. */
export const ZONE_MARK = '⊕';

/** A FHIR date or time on the page's wall clock; one that the source wrote in another zone is marked and says which. */
export function When({ at, extent = 'full' }: { at: string | undefined; extent?: Extent }) {
  const language = useLanguage();
  const zone = useZone();
  const t = useT();
  if (!at) return <span className="muted">{t('value.notKnown')}</span>;
  const offset = extent === 'day' ? undefined : foreignOffset(at, zone);
  return (
    <time dateTime={at} className="when" title={offset && t('when.sourceOffset', { offset })}>
      {formatMoment(language, at, zone, extent)}
      {offset && (
        <>
          <span className="zone-mark" aria-hidden>
            {ZONE_MARK}
          </span>
          <span className="hidden-text"> {t('when.sourceOffset', { offset })}</span>
        </>
      )}
    </time>
  );
}

/** A moment that this program noted, on the page's wall clock and written as in a chart; its seconds and the zone are told on pointing. */
export function At({ at }: { at: string }) {
  const language = useLanguage();
  const zone = useZone();
  return (
    <time dateTime={at} className="when" title={`${isoInZone(Date.parse(at), zone)} ${zoneName(zone)}`}>
      {formatMoment(language, at, zone)}
    </time>
  );
}

/** From when to when; the end's day is left out where it is the start's. */
export function Between({ start, end, extent = 'day' }: { start: string | undefined; end: string | undefined; extent?: 'day' | 'full' }) {
  const zone = useZone();
  if (!end || (extent === 'day' && start === end)) return <When at={start} extent={extent} />;
  const day = (at: string | undefined) => formatMoment('zh-Hans', at ?? '', zone, 'day');
  const short = extent === 'full' && start?.includes('T') && end.includes('T') && day(start) === day(end);
  return (
    <>
      <When at={start} extent={extent} />
      {' – '}
      <When at={end} extent={short ? 'clock' : extent} />
    </>
  );
}

/** How old something is, kept current: `3 min ago`. */
export function Ago({ at_ms }: { at_ms: number }) {
  const t = useT();
  const { unit, count } = since(at_ms, useNow(5_000));
  return <>{t(`ago.${unit}`, { count })}</>;
}

const two = (n: number): string => String(n).padStart(2, '0');

interface AsOfProps {
  at_ms: number;
  /** What is shown is followed: while the stream is heard of and told of no change, it is as of that moment. */
  live?: boolean;
}

/** When what is shown was true: the clock, and how long ago that is. */
export function AsOf({ at_ms, live = false }: AsOfProps) {
  const t = useT();
  const { live_ms } = useConnection();
  const shown_ms = live && live_ms !== undefined ? Math.max(at_ms, live_ms) : at_ms;
  const { hour, minute } = localTime(shown_ms, useZone());
  return (
    <span className="as-of">
      {t('value.asOf')} {two(hour)}:{two(minute)} (<Ago at_ms={shown_ms} />)
    </span>
  );
}
