import type { FlagOf } from '../chart/flag';
import { useT, type Key } from '../i18n';
import './flag.css';

const WORDS: Record<string, Key> = {
  H: 'flag.high',
  HU: 'flag.high',
  '>': 'flag.high',
  HX: 'flag.high',
  'H>': 'flag.high',
  '↑': 'flag.high',
  '↓': 'flag.low',
  '↑↑': 'flag.criticalHigh',
  '↓↓': 'flag.criticalLow',
  'L<': 'flag.low',
  L: 'flag.low',
  LU: 'flag.low',
  '<': 'flag.low',
  LX: 'flag.low',
  HH: 'flag.criticalHigh',
  LL: 'flag.criticalLow',
  A: 'flag.abnormal',
  AA: 'flag.critical',
  POS: 'flag.positive',
  DET: 'flag.positive',
};

/** The mark of an abnormal value: never colour alone, and said in words to those who listen. */
export function FlagMark({ flag }: { flag: FlagOf }) {
  const t = useT();
  const said = flag.code.split('/').map((code) => {
    const word = WORDS[code];
    return word ? t(word) : code;
  });
  if (!flag.mark) return null;
  return (
    <span className="flag" data-level={flag.level}>
      <span aria-hidden>{flag.mark}</span>
      <span className="hidden-text">{said.join(', ')}</span>
      {flag.level === 'critical' && <span className="flag-chip">{t('flag.criticalChip')}</span>}
      {flag.computed && <span className="flag-computed">{t('flag.computed')}</span>}
    </span>
  );
}
