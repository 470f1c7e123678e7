// Search parameters, one (type, code) each.
//
// A type name on its own line, then its parameters, indented, words separated by tabs:
//   CODE KIND EXPRESSION TARGETS COMPONENTS URL     TARGETS: joined by |, all = none named; COMPONENTS: code=expression joined by ;  empty = -
// KIND is n number, d date, s string, t token, r reference, c composite, q quantity, u uri, x special.
// What stands under `Resource` holds for every resource type. URL is the part behind http://hl7.org/fhir/SearchParameter/,
// - if it is TYPE-CODE.

import { existsSync, readFileSync } from 'node:fs';
import { byText } from './read.mjs';

const PREFIX = 'http://hl7.org/fhir/SearchParameter/';
const KINDS = { number: 'n', date: 'd', string: 's', token: 't', reference: 'r', composite: 'c', quantity: 'q', uri: 'u', special: 'x' };

/** @returns {{parameters: string, numbers: string, codes: Map<string, Set<string>>}} */
export function parameterTables({ searchParameters }, resourceTypes, numbersPath) {
  const byUrl = new Map(searchParameters.map((p) => [p.url, p]));
  const byType = new Map();
  for (const parameter of searchParameters) {
    if (!parameter.expression) continue; // _text, _content and _query are not read from elements.
    for (const type of parameter.base) {
      if (type !== 'Resource' && !resourceTypes.includes(type)) throw new Error(`${parameter.url}: unknown type ${type}`);
      const own = byType.get(type) ?? new Map();
      byType.set(type, own);
      if (own.has(parameter.code)) throw new Error(`${type} has two parameters ${parameter.code}`);
      own.set(parameter.code, line(parameter, type, byUrl, resourceTypes));
    }
  }
  const lines = [];
  for (const type of [...byType.keys()].sort(byText)) {
    lines.push(type);
    const own = byType.get(type);
    for (const code of [...own.keys()].sort(byText)) lines.push(` ${own.get(code)}`);
  }
  const common = [...byType.get('Resource').keys()];
  const codes = new Map(resourceTypes.map((t) => [t, new Set([...common, ...(byType.get(t)?.keys() ?? [])])]));
  return { parameters: `${lines.join('\n')}\n`, numbers: numbers(codes, numbersPath), codes };
}

function line(parameter, type, byUrl, resourceTypes) {
  const components = (parameter.component ?? []).map((c) => {
    const definition = byUrl.get(c.definition);
    if (!definition) throw new Error(`${parameter.url}: unknown component ${c.definition}`);
    if (/[;=\t]/.test(c.expression)) throw new Error(`${parameter.url}: component expression ${c.expression}`);
    // One is published with a type name that R4 does not have.
    return `${definition.code}=${c.expression.replace('ofType(DateTime)', 'ofType(dateTime)')}`;
  });
  const expression = ownAlternatives(parameter, type);
  if (!KINDS[parameter.type] || !parameter.url.startsWith(PREFIX) || expression.includes('\t')) throw new Error(parameter.url);
  // A reference to any type is published as the list of all types (but Parameters, which nothing refers to).
  const published = parameter.target ?? [];
  const targets = published.length >= resourceTypes.length - 1 ? [] : published;
  return [
    parameter.code,
    KINDS[parameter.type],
    expression,
    targets.join('|') || '-',
    components.join(';') || '-',
    parameter.url === `${PREFIX}${type}-${parameter.code}` ? '-' : parameter.url.slice(PREFIX.length),
  ].join('\t');
}

/** The alternatives of the union that start at `type`. */
function ownAlternatives(parameter, type) {
  const all = alternatives(parameter.expression);
  const own = all.filter((a) => new RegExp(`^\\(*${type}\\b`).test(a));
  if (own.length > 0) return own.map(withoutOuterBrackets).join(' | ');
  // Published without the type in front.
  if (parameter.base.length === 1 && all.every((a) => /^[a-z]+$/.test(a))) return all.map((a) => `${type}.${a}`).join(' | ');
  throw new Error(`${parameter.url}: nothing for ${type} in ${parameter.expression}`);
}

/** Splits at the `|` that are in no brackets and no string. */
function alternatives(expression) {
  const parts = [''];
  let depth = 0;
  let quoted = false;
  for (const c of expression) {
    if (c === "'") quoted = !quoted;
    if (!quoted && c === '(') depth++;
    if (!quoted && c === ')') depth--;
    if (!quoted && depth === 0 && c === '|') parts.push('');
    else parts[parts.length - 1] += c;
  }
  return parts.map((p) => p.trim());
}

function withoutOuterBrackets(expression) {
  if (!expression.startsWith('(')) return expression;
  let depth = 0;
  for (let at = 0; at < expression.length; at++) {
    if (expression[at] === '(') depth++;
    if (expression[at] === ')' && --depth === 0) return at === expression.length - 1 ? expression.slice(1, -1) : expression;
  }
  return expression;
}

/** The list of numbers with what is new at its end: TYPE CODE CODE ... a line, numbered from 1 through the file. */
function numbers(codes, path) {
  const before = existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : [];
  const known = new Set(before.flatMap((l) => l.split(' ').slice(1).map((code) => `${l.split(' ')[0]} ${code}`)));
  const added = [];
  for (const type of [...codes.keys()].sort(byText)) {
    const fresh = [...codes.get(type)].filter((code) => !known.has(`${type} ${code}`)).sort(byText);
    if (fresh.length > 0) added.push([type, ...fresh].join(' '));
  }
  return `${[...before, ...added].join('\n')}\n`;
}
