import { useT } from '../i18n';

/** A whole number with its thousands set apart; nothing is quiet. */
export function Count({ of, sign = '' }: { of: number; sign?: '' | '+' | '−' }) {
  const t = useT();
  return (
    <span className={of === 0 ? 'muted' : undefined}>
      {of === 0 ? '' : sign}
      {t('value.number', { n: of })}
    </span>
  );
}
