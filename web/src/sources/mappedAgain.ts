import type { Translate } from '../i18n';
import type { TargetReport } from './report';

/** Targets that are named one by one. */
const NAMED = 6;
/** Why a target is first mapped whole, and when somebody wants that: nobody need be told. */
const AS_EXPECTED = new Set(['no run of it is remembered', 'it was asked for']);

/** How much of the rows a run mapped again, as one line; nothing where it mapped all, as the first run does. */
export function mappedAgain(t: Translate, targets: Pick<TargetReport, 'name' | 'table_rows' | 'mapped' | 'mapped_rows' | 'why_whole'>[]): string | undefined {
  const parts = targets.filter((target) => target.mapped === 'part');
  const nothing = targets.filter((target) => target.mapped === 'nothing');
  const whole = targets.filter((target) => target.mapped === 'whole');
  if (parts.length + nothing.length === 0 && whole.every((target) => AS_EXPECTED.has(target.why_whole ?? ''))) return undefined;
  if (nothing.length === targets.length) return t('run.mappedNothing');
  const named = [
    ...parts.map((target) => t('run.mappedPart', { target: target.name, rows: target.mapped_rows ?? 0, of: target.table_rows })),
    ...whole.map((target) => t('run.mappedWhole', { target: target.name })),
  ];
  const more = named.length - NAMED;
  return [t('run.mapped'), [...named.slice(0, NAMED), ...(more > 0 ? [t('run.mappedMore', { count: more })] : []), ...(nothing.length > 0 ? [t('run.mappedNot', { count: nothing.length })] : [])].join(t('run.mappedAnd'))].join(' ');
}

/** Why all rows of a target were mapped, where that is not what everybody expects: in English, as the server says it. */
export const whyWhole = ({ mapped, why_whole }: Pick<TargetReport, 'mapped' | 'why_whole'>): string | undefined =>
  mapped === 'whole' && why_whole && !AS_EXPECTED.has(why_whole) ? why_whole : undefined;
