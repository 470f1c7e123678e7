/** Reading elements of FHIR as they came: whatever is not of the form that is looked for is as if it were not there. */

type Json = Record<string, unknown>;

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/** A member's text; numbers and truth values as they are written. */
export function text(holder: unknown, name: string): string | undefined {
  const value = isObject(holder) ? holder[name] : undefined;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A member that is an object. */
export function member(holder: unknown, name: string): Json | undefined {
  const value = isObject(holder) ? holder[name] : undefined;
  return isObject(value) ? value : undefined;
}

/** The objects of a repeating member. */
export function each(holder: unknown, name: string): Json[] {
  const value = isObject(holder) ? holder[name] : undefined;
  return (Array.isArray(value) ? value : [value]).filter(isObject);
}

/** Words for a CodeableConcept: its text, else the display or code of the first coding that has one. */
export function conceptText(concept: unknown): string | undefined {
  const codings = each(concept, 'coding');
  const first = (name: string) => codings.map((coding) => text(coding, name)).find((words) => words !== undefined);
  return text(concept, 'text') ?? first('display') ?? first('code');
}

/** The first code of a CodeableConcept. */
export const codeOf = (concept: unknown): string | undefined => each(concept, 'coding').map((coding) => text(coding, 'code')).find((code) => code !== undefined);

/** A quantity in words: value and unit. */
export function quantityText(quantity: unknown): string | undefined {
  const value = text(quantity, 'value');
  if (value === undefined) return undefined;
  const unit = text(quantity, 'unit') ?? text(quantity, 'code');
  return `${text(quantity, 'comparator') ?? ''}${value}${unit === undefined ? '' : ` ${unit}`}`;
}

/** `Patient/1` of a reference, without a version and without what stands before it. */
export function target(reference: unknown): string | undefined {
  const words = text(reference, 'reference');
  return words === undefined ? undefined : /([A-Z][A-Za-z]+\/[A-Za-z0-9.-]{1,64})(?:\/_history\/[^/]+)?$/.exec(words)?.[1];
}
