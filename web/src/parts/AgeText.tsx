import { useT, type Translate } from '../i18n';
import { useZone } from '../live/session';
import { useNow } from '../live/clock';
import { ageAt, startOf, type Age } from './time';

export function ageText(t: Translate, age: Age): string {
  const text = t(`age.${age.unit}`, { count: age.count, months: age.months });
  return age.about ? t('age.about', { age: text }) : text;
}

/** Age today, or at death. Nothing if the birth date is not known. */
export function AgeText({ born, died }: { born: string | undefined; died: string | undefined }) {
  const t = useT();
  const zone = useZone();
  const now_ms = useNow(60_000);
  const end_ms = died ? startOf(died, zone) : Number.NaN;
  const age = born ? ageAt(born, Number.isNaN(end_ms) ? now_ms : end_ms, zone) : undefined;
  return age ? <>{ageText(t, age)}</> : null;
}
