import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { DeadLetter } from '../api/types';
import { useT } from '../i18n';
import { acting } from '../parts/acting';
import { Failure } from '../parts/Failure';
import { Waiting } from '../parts/Waiting';
import { fetchAlike } from './letters';
import { askAgain, INTAKE } from './queries';
import { replayAll, useReplaying } from './replaying';

/** The other letters with the same fault: replayed one after the other, each as it came or was corrected last. */
export function Alike({ letter, onBegin }: { letter: DeadLetter; onBegin: () => void }) {
  const t = useT();
  const queries = useQueryClient();
  const replaying = useReplaying();
  const found = useQuery({ queryKey: [INTAKE, 'alike', letter.no], queryFn: ({ signal }) => fetchAlike(letter, signal), staleTime: 10_000 });
  if (!found.data) return found.error ? <Failure error={found.error} onRetry={() => void found.refetch()} /> : <Waiting lines={1} />;
  const { letters, isCut } = found.data;
  if (letters.length === 0) return <p className="muted">{t('alike.none')}</p>;
  return (
    <>
      <p>{t(isCut ? 'alike.atLeast' : 'alike.count', { count: letters.length })}</p>
      <p className="intake-ways">
        <button
          type="button"
          className="button"
          {...acting(replaying?.running, () => {
            void replayAll(
              letters.map(({ no }) => no),
              () => void askAgain(queries),
            );
            onBegin();
          })}
        >
          {t('alike.now', { count: letters.length })}
        </button>
      </p>
    </>
  );
}
