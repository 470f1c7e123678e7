import { useT } from '../i18n';
import type { TargetReport } from './report';

export const PARTS = ['resources', 'merged', 'filtered', 'rejected'] as const;

/** Where the rows of a target went, as one bar. The numbers stand beside it: no colour says anything alone. */
export function LawBar({ target }: { target: TargetReport }) {
  const t = useT();
  const { rows, resources, merged, filtered, rejected } = target;
  return (
    <span className="law" role="img" aria-label={t('run.law', { rows, resources, merged, filtered, rejected })}>
      {PARTS.filter((part) => target[part] > 0).map((part) => (
        <span key={part} className="law-part" data-part={part} style={{ flexGrow: target[part] }} />
      ))}
    </span>
  );
}

/** What the parts of the bars are. */
export function LawLegend() {
  const t = useT();
  return (
    <ul className="law-legend">
      {PARTS.map((part) => (
        <li key={part}>
          <span className="law-part" data-part={part} aria-hidden /> {t(`run.${part}`)}
        </li>
      ))}
    </ul>
  );
}
