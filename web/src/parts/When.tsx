import { useLanguage, useT } from '../i18n';
import { useZone } from '../live/session';
import { foreignOffset, formatMoment, since, type Extent } from './time';
import { useNow } from '../live/clock';

/** A FHIR date or time on the page's wall clock, with the source's offset beside it where that differs. */
export function When({ at, extent = 'full' }: { at: string | undefined; extent?: Extent }) {
  const language = useLanguage();
  const zone = useZone();
  const t = useT();
  if (!at) return <span className="muted">{t('value.notKnown')}</span>;
  const offset = extent === 'day' ? undefined : foreignOffset(at, zone);
  return (
    <time dateTime={at} className="when">
      {formatMoment(language, at, zone, extent)}
      {offset && <span className="muted"> {t('when.sourceOffset', { offset })}</span>}
    </time>
  );
}

/** How old something is, kept current: `3 min ago`. */
export function Ago({ at_ms }: { at_ms: number }) {
  const t = useT();
  const { unit, count } = since(at_ms, useNow(5_000));
  return <>{t(`ago.${unit}`, { count })}</>;
}
