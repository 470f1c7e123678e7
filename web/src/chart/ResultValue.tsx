import type { LabResult } from '../api/types';
import { choice, useT } from '../i18n';
import { FlagMark } from '../parts/FlagMark';
import { flagOf } from './flag';
import { displayUnit } from './unit';

/** A result: its number with the source's digits, unit and flag; or why there is none. */
export function ResultValue({ result, withUnit }: { result: LabResult; withUnit?: boolean }) {
  const t = useT();
  const flag = flagOf(result);
  if (result.value === undefined) {
    return <span className="muted">{result.absent ? t('labs.absent', choice('reason', result.absent)) : t(result.status === 'cancelled' ? 'labs.cancelled' : 'labs.noValue')}</span>;
  }
  return (
    <span className="result" data-level={flag?.level} data-cancelled={result.status === 'cancelled' ? '' : undefined}>
      <span className={result.numeric ? 'result-number' : undefined}>
        {result.comparator}
        {result.value}
      </span>
      {withUnit && result.unit && <span className="muted">{'\u2009'}{displayUnit(result.unit)}</span>}
      {flag && <FlagMark flag={flag} />}
      {(result.status === 'corrected' || result.status === 'amended') && <span className="muted result-status"> {t('labs.corrected')}</span>}
      {(result.status === 'preliminary' || result.status === 'registered') && <span className="muted result-status"> {t('labs.preliminary')}</span>}
      {result.status === 'cancelled' && <span className="muted result-status"> {t('labs.cancelled')}</span>}
    </span>
  );
}
