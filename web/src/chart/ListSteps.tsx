import { Link, useParams } from '@tanstack/react-router';
import { useT } from '../i18n';
import { placeOf } from '../patients/list';
import { keysOf } from '../shell/keymap';

/** The steps to the patients before and after in the list that this chart was opened from. */
export function ListSteps({ id }: { id: string }) {
  const t = useT();
  const { tab } = useParams({ from: '/inside/p/$id/{-$tab}' });
  const place = placeOf(id);
  if (!place || place.of < 2) return null;
  const step = (to: string | undefined, word: 'keys.previousPatient' | 'keys.nextPatient', sign: string) =>
    to === undefined ? (
      <span className="button" data-quiet data-disabled aria-hidden>
        {sign}
      </span>
    ) : (
      <Link to="/p/$id/{-$tab}" params={{ id: to, tab }} className="button" data-quiet aria-label={t(word)} title={`${t(word)} (${keysOf(word)})`}>
        <span aria-hidden>{sign}</span>
      </Link>
    );
  return (
    <nav className="list-steps" aria-label={t('chart.list')}>
      {step(place.previous, 'keys.previousPatient', '‹')}
      <Link to="/patients" search={{ q: place.q }} className="muted" title={t('chart.list')}>
        {t('chart.listPlace', { no: place.no, of: place.of })}
      </Link>
      {step(place.next, 'keys.nextPatient', '›')}
    </nav>
  );
}
