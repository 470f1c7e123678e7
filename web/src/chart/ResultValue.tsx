import type { LabResult } from '../api/types';
import { choice, useT } from '../i18n';
import { fractionPad } from '../parts/decimal';
import { FlagMark } from '../parts/FlagMark';
import { flagOf, type FlagOf } from './flag';
import { displayUnit } from './unit';

interface Props {
  result: LabResult;
  /** The flag of a value that is put together; else the result's own. */
  flag?: FlagOf | undefined;
  withUnit?: boolean;
  /** Width of the fractions in the column: numbers are aligned on the point. */
  fraction?: number;
}

/** A result: its number with the source's digits, unit and flag; or why there is none. */
export function ResultValue({ result, flag = flagOf(result), withUnit, fraction = 0 }: Props) {
  const t = useT();
  if (result.value === undefined) {
    return <span className="muted result-words">{result.absent ? t('labs.absent', choice('reason', result.absent)) : t(result.status === 'cancelled' ? 'labs.cancelled' : 'labs.noValue')}</span>;
  }
  return (
    <span className="result" data-level={flag?.level} data-cancelled={result.status === 'cancelled' ? '' : undefined}>
      <span className={result.numeric ? 'result-number' : 'result-words'} data-pad={result.numeric ? fractionPad(result.value, fraction) : undefined}>
        {result.comparator}
        {result.value}
      </span>
      <span className="result-unit muted">{withUnit && result.unit && displayUnit(result.unit)}</span>
      <span className="result-flag">
        {flag && <FlagMark flag={flag} />}
        <StatusWord status={result.status} />
      </span>
    </span>
  );
}

function StatusWord({ status }: { status: string | undefined }) {
  const t = useT();
  const key =
    status === 'corrected' || status === 'amended' || status === 'appended'
      ? 'labs.corrected'
      : status === 'preliminary' || status === 'registered'
        ? 'labs.preliminary'
        : status === 'cancelled'
          ? 'labs.cancelled'
          : undefined;
  return key && <span className="muted result-status">{t(key)}</span>;
}
