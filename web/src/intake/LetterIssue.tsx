import type { DeadLetter } from '../api/types';
import { useT } from '../i18n';
import { doorText } from '../parts/door';
import { Instant } from '../parts/Instant';
import { Fact } from '../parts/Panel';
import { Ago } from '../parts/When';
import { whoText } from '../parts/who';

/** What is wrong with a letter, where, and what helps; then what it is of. */
export function LetterIssue({ letter: { what, place, hint, at, offset, length, arrival, correction, closed, closed_by, reason, state } }: { letter: DeadLetter }) {
  const t = useT();
  return (
    <>
      <div className="notice intake-lines" data-kind={state === 'open' ? 'danger' : undefined}>
        <p className="letter-what" lang="en">
          {place && <code className="letter-where">{place}</code>} {what}
        </p>
        {state === 'open' && hint && (
          <p className="muted" lang="en">
            {hint}
          </p>
        )}
      </div>
      <dl className="where-facts">
        <Fact name={t('where.received')}>
          <Instant at={at} />{' '}
          <span className="muted">
            (<Ago at_ms={Date.parse(at)} />)
          </span>
        </Fact>
        <Fact name={t('where.source')}>{arrival.source}</Fact>
        <Fact name={t('where.door')}>{doorText(t, arrival.door)}</Fact>
        {arrival.name && <Fact name={t('where.name')}>{arrival.name}</Fact>}
        <Fact name={t('where.media')}>{arrival.media}</Fact>
        <Fact name={t('where.place')}>{t('where.range', { offset, length, whole: arrival.length })}</Fact>
        {correction && (
          <Fact name={t('letter.corrected')}>
            <Instant at={correction.at} /> <span className="muted">{whoText(t, correction.principal)}</span>
          </Fact>
        )}
        {closed && (
          <Fact name={t('letter.state', { state })}>
            <Instant at={closed} /> <span className="muted">{whoText(t, closed_by ?? '')}</span> {reason}
          </Fact>
        )}
      </dl>
    </>
  );
}
