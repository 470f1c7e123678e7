import { offsetMinutes, offsetText } from '../parts/time';

/** What may be done to resources, in the order in which a scope writes the letters. */
export const RIGHTS = ['c', 'r', 'u', 'd', 's'] as const;
export type Right = (typeof RIGHTS)[number];

export interface Scope {
  /** A type of resources; `*` for all. */
  type: string;
  rights: Right[];
  /** As it is written. */
  text: string;
}

/** The scopes of a token, as the server writes them; one of another form has no rights, and is shown as it is. */
export function readScopes(text: string): Scope[] {
  return text.split(' ').filter(Boolean).map((scope) => {
    const [, type = '', letters = ''] = /^\w+\/(\*|[A-Za-z]+)\.([cruds]+)$/.exec(scope) ?? [];
    return { type, rights: RIGHTS.filter((right) => letters.includes(right)), text: scope };
  });
}

/** Types as a person writes them, with commas or blanks between; no name is all of them. */
export function readTypes(text: string): { types: string[]; wrong: string[] } {
  const words = [...new Set(text.split(/[\s,，、;；]+/).filter(Boolean))];
  const types = words.filter((word) => /^[A-Z][A-Za-z]{1,63}$/.test(word) || word === '*');
  return { types: types.length === 0 || types.includes('*') ? ['*'] : types, wrong: words.filter((word) => !types.includes(word)) };
}

export const scopeText = (types: string[], rights: Right[]): string => types.map((type) => `system/${type}.${RIGHTS.filter((right) => rights.includes(right)).join('')}`).join(' ');

/** A word of a command as a POSIX shell takes it. */
export const quoted = (word: string): string => (/^[\w./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);

interface NewToken {
  name: string;
  types: string[];
  rights: Right[];
  /** The last day, on the wall clock of the site. */
  expires: string;
}

/** The end of a day on the wall clock of `zone`, as an instant that needs no zone to be read. */
function lastMoment(day: string, zone: string): string {
  const wall_ms = Date.parse(`${day}T23:59:59Z`);
  const minutes = offsetMinutes(wall_ms - offsetMinutes(wall_ms, zone) * 60_000, zone);
  return `${day}T23:59:59${offsetText(minutes).replace('−', '-')}`;
}

/** The command by which the operator of the machine makes a token. */
export function commandOf({ name, types, rights, expires }: NewToken, zone: string): string {
  const parts = ['medweave', 'token', 'create', '--scope', quoted(scopeText(types, rights))];
  if (name.trim() !== '') parts.push('--name', quoted(name.trim()));
  if (expires !== '') parts.push('--expires', lastMoment(expires, zone));
  return parts.join(' ');
}
