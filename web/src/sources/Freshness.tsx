import type { TableSource } from '../api/types';
import { useT } from '../i18n';
import { Ago, At } from '../parts/When';
import { doubtText } from './said';
import { Told } from './Told';

interface FreshnessProps {
  source: TableSource;
  /** Whether it stands where no head of a column says what the age is of. */
  named?: boolean;
}

/** How old what is known of a source is, and what is wrong about that: late, or the last try failed. */
export function Freshness({ source, named = false }: FreshnessProps) {
  const t = useT();
  const looked = source.pulled ?? source.last?.at;
  return (
    <>
      {looked ? (
        <span>
          {named && t('sources.read')} <Ago at_ms={Date.parse(looked)} />
        </span>
      ) : (
        <span className="state">{t('sources.notPulled')}</span>
      )}
      {source.next && (
        <span className="muted">
          {' '}
          {t('sources.next')} <At at={source.next} />
        </span>
      )}
      {source.late && (
        <span className="state state-line" data-kind="danger">
          {t('sources.late')}
        </span>
      )}
      {source.doubts?.map((doubt) => (
        <span key={doubt.text} className="state state-line" data-kind="danger">
          {doubtText(t, doubt)}
        </span>
      ))}
      {source.problem && !source.doubts?.length && (
        <span className="state state-line" data-kind="danger">
          <Told said={source.problem_said} text={source.problem} />
        </span>
      )}
      {source.run_problem && (
        <span className="state state-line" data-kind="danger">
          {t('sources.runFailed')} <Told said={source.run_problem_said} text={source.run_problem} />
        </span>
      )}
    </>
  );
}
