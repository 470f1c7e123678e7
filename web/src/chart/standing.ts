import type { Allergy, Chart, Medication, Problem } from '../api/types';

const ERROR = 'entered-in-error';
const PAST_PROBLEM = new Set(['inactive', 'remission', 'resolved']);
const PAST_ALLERGY = new Set(['inactive', 'resolved']);
/** Intents of a medication that are no order. */
const NO_ORDER = new Set(['proposal', 'plan', 'directive', 'option']);

/** Whether a problem is one now: not over, and not ruled out. */
export const isCurrent = (problem: Problem): boolean =>
  !PAST_PROBLEM.has(problem.clinical ?? '') && problem.verification !== 'refuted' && problem.verification !== ERROR && problem.abated === undefined;

/** Whether an allergy holds: not entered in error, not refuted, not over. */
export const stands = (allergy: Allergy): boolean => allergy.verification !== ERROR && allergy.verification !== 'refuted' && !PAST_ALLERGY.has(allergy.clinical ?? '');

/** What the banner says of allergies. "None recorded", "none active" and "no known allergies" are different facts. */
export function allergiesOf(chart: Pick<Chart, 'allergies' | 'withheld'>): 'withheld' | 'none-recorded' | 'none-active' | 'none-known' | Allergy[] {
  if (chart.withheld.includes('AllergyIntolerance')) return 'withheld';
  const recorded = chart.allergies.filter((allergy) => allergy.verification !== ERROR);
  const standing = recorded.filter(stands);
  const real = standing.filter((allergy) => !allergy.none_known);
  if (real.length > 0) return real;
  if (standing.length > 0) return 'none-known';
  return recorded.length > 0 ? 'none-active' : 'none-recorded';
}

/** Why a medication is not active: the intent of what was never ordered, else its status. */
export function inactiveBy({ intent, status }: Medication): { kind: 'intent' | 'status'; code: string } | undefined {
  if (status === 'active' && intent !== undefined && NO_ORDER.has(intent)) return { kind: 'intent', code: intent };
  return status === undefined ? undefined : { kind: 'status', code: status };
}
