import { useT } from '../i18n';

/** How likely two records are of one person: a number, and a bar beside it. */
export function Score({ score }: { score: number }) {
  const t = useT();
  const percent = Math.round(Math.max(0, Math.min(1, score)) * 100);
  return (
    <span className="same-score">
      {/* What rounds to certainty is none. */}
      <span className="number">{score >= 0.999 ? t('same.nearlyAll') : t('same.percent', { percent: Math.min(percent, 99) })}</span>
      <span className="same-bar" aria-hidden>
        <span style={{ inlineSize: `${percent}%` }} />
      </span>
    </span>
  );
}
