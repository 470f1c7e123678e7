import { isKnown, type Key, type Translate } from '../i18n';
import type { TargetReport } from './report';

/** Targets that are named one by one. */
const NAMED = 6;
/** Why a target is first mapped whole, and when somebody wants that: nobody need be told. */
const AS_EXPECTED = new Set(['first', 'asked', 'no run of it is remembered', 'it was asked for']);

type Whole = Pick<TargetReport, 'mapped' | 'why_whole' | 'why_whole_code'>;

/** By its code; reports from before there were codes have the words alone. */
const isExpected = ({ why_whole, why_whole_code }: Whole): boolean => AS_EXPECTED.has(why_whole_code ?? why_whole ?? '');

/** How much of the rows a run mapped again, as one line; nothing where it mapped all, as the first run does. */
export function mappedAgain(t: Translate, targets: (Pick<TargetReport, 'name' | 'table_rows' | 'mapped_rows'> & Whole)[]): string | undefined {
  const parts = targets.filter((target) => target.mapped === 'part');
  const nothing = targets.filter((target) => target.mapped === 'nothing');
  const whole = targets.filter((target) => target.mapped === 'whole');
  if (parts.length + nothing.length === 0 && whole.every(isExpected)) return undefined;
  if (nothing.length === targets.length) return t('run.mappedNothing');
  const named = [
    ...parts.map((target) => t('run.mappedPart', { target: target.name, rows: target.mapped_rows ?? 0, of: target.table_rows })),
    ...whole.map((target) => t('run.mappedWhole', { target: target.name })),
  ];
  const more = named.length - NAMED;
  return [t('run.mapped'), [...named.slice(0, NAMED), ...(more > 0 ? [t('run.mappedMore', { count: more })] : []), ...(nothing.length > 0 ? [t('run.mappedNot', { count: nothing.length })] : [])].join(t('run.mappedAnd'))].join(' ');
}

/** Why all rows of a target were mapped, where that is not what everybody expects; `english` where the pages have no words for it. */
export function whyWhole(t: Translate, target: Whole): { text: string; english: boolean } | undefined {
  const { mapped, why_whole, why_whole_code } = target;
  if (mapped !== 'whole' || !why_whole || isExpected(target)) return undefined;
  if (why_whole_code && isKnown(`whole.${why_whole_code}`)) return { text: t(`whole.${why_whole_code}` as Key), english: false };
  return { text: why_whole, english: true };
}
