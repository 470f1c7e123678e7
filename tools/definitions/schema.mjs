// Types and elements.
//
// One line per type, not indented:   NAME KIND BASE      KIND: p primitive, c complex, b backbone, r resource; capital = abstract
// One line per own element, indented: NAME CARDINALITY FLAGS TYPES [=CODE-LIST]
//   CARDINALITY  ? 0..1   ! 1..1   * 0..*   + 1..*
//   FLAGS        s in summaries, m modifier, - neither
//   TYPES        joined by commas; Reference(A|B) and canonical(A|B) name targets, alone = any; `open` = the types of Extension.value[x]
// A type follows its base. Inherited elements are not repeated.

import { byText } from './read.mjs';
import { CodeLists } from './code-lists.mjs';

const STRUCTURE = 'http://hl7.org/fhir/StructureDefinition/';
const SYSTEM_TYPE = 'http://hl7.org/fhirpath/System.';
const FHIR_TYPE = `${STRUCTURE}structuredefinition-fhir-type`;

/** Backbone elements that the package's vendor changed: R4's data elements do not list backbones, so R4's facts stand here. */
const CORRECTED_MINIMUM = { 'EvidenceVariable.characteristic': 1 };
/** R4 gives longer paths no data element: its id would exceed 64 characters. */
const LONGEST_DATA_ELEMENT = 61;
/** Backbone elements of R5 whose paths are as long. */
const NOT_OF_R4 = new Set(['definitionByTypeAndValue', 'definitionByCombination'].map((n) => `EvidenceVariable.characteristic.${n}`));
/** Published as a plain string; the text of R4 says that it is an id. */
const CORRECTED_TYPES = { 'Resource.id': 'id' };

/** @returns {{types: string, codeLists: string, resourceTypes: string[]}} */
export function schemaTables(definitions) {
  const lists = new CodeLists(definitions);
  const types = new Map();
  for (const structure of definitions.structures) {
    for (const type of typesOf(structure, definitions)) types.set(type.name, type);
  }
  const open = openTypes(types);
  const lines = [`open ${open.join(',')}`];
  for (const type of ordered(types)) {
    const kind = type.isAbstract ? type.kind.toUpperCase() : type.kind;
    lines.push(`${type.name} ${kind} ${type.base ?? '-'}`);
    const inherited = inheritedElements(type, types);
    for (const element of type.elements) {
      const known = inherited.get(element.name);
      const line = elementLine(element, open, lists);
      if (!known) lines.push(line);
      else if (line !== elementLine(known, open, lists)) {
        throw new Error(`${type.name}.${element.name} differs from the element that it inherits`);
      }
    }
  }
  return {
    types: `${lines.join('\n')}\n`,
    codeLists: lists.table(),
    resourceTypes: [...types.values()].filter((t) => t.kind === 'r' && !t.isAbstract).map((t) => t.name).sort(byText),
  };
}

/** The structure's own type and the backbone types inside it. */
function typesOf(structure, definitions) {
  const root = structure.name;
  const kind = { resource: 'r', 'primitive-type': 'p', 'complex-type': 'c' }[structure.kind];
  const base = structure.baseDefinition?.slice(STRUCTURE.length) ?? null;
  const types = [{ name: root, kind, base, isAbstract: structure.abstract, elements: [] }];
  const byPath = new Map([[root, types[0]]]);
  for (const element of r4Elements(structure, definitions)) {
    const at = element.path.lastIndexOf('.');
    const parent = byPath.get(element.path.slice(0, at));
    if (!parent) throw new Error(`${element.path} has no parent`);
    const code = element.type?.[0]?.code;
    const holdsElements = code === 'BackboneElement' || (code === 'Element' && root !== 'Element');
    if (holdsElements) {
      const type = { name: element.path, kind: 'b', base: code, isAbstract: false, elements: [] };
      types.push(type);
      byPath.set(element.path, type);
    }
    parent.elements.push({ ...element, name: element.path.slice(at + 1), holdsElements });
  }
  return types;
}

/** The snapshot's elements as R4 published them. */
function r4Elements(structure, { dataElements }) {
  const root = structure.name;
  const [, ...snapshot] = structure.snapshot.element;
  if (structure.kind === 'primitive-type') {
    return snapshot.filter((e) => !e.path.endsWith('.value') && e.max !== '0');
  }
  const kept = snapshot
    .filter((e) => isOfR4(e, snapshot, dataElements))
    .map((e) => {
      // The data element of Quantity.comparator is the one of SimpleQuantity.
      const published = root === 'Quantity' ? undefined : dataElements.get(e.path);
      const element = published ? { ...published, base: e.base } : { ...e };
      if (e.path in CORRECTED_MINIMUM) element.min = CORRECTED_MINIMUM[e.path];
      return element;
    });
  // Elements of R4 that the vendor replaced, put back behind the sibling that they follow in R4.
  const have = new Set(kept.map((e) => e.path));
  let before = null;
  for (const [path, element] of dataElements) {
    if (!path.startsWith(`${root}.`)) continue;
    if (!have.has(path)) kept.splice(kept.findIndex((e) => e.path === before) + 1, 0, element);
    before = path;
  }
  return kept;
}

/** Whether R4 has the element, or the package's vendor added it. */
function isOfR4(element, snapshot, dataElements) {
  const { path } = element;
  if (NOT_OF_R4.has(path)) return false;
  const parent = snapshot.find((e) => e.path === path.slice(0, path.lastIndexOf('.')));
  if (parent && NOT_OF_R4.has(parent.path)) return false;
  if (isInherited(element)) return !parent || isOfR4(parent, snapshot, dataElements);
  // R4 lists the elements that hold values; a backbone is of R4 if one of its elements is.
  if (!['BackboneElement', 'Element'].includes(element.type?.[0].code)) {
    return dataElements.has(path) || path.length > LONGEST_DATA_ELEMENT || Boolean(element.contentReference);
  }
  const own = snapshot.filter((e) => e.path.startsWith(`${path}.`) && !isInherited(e));
  return own.every((e) => e.contentReference) || own.some((e) => !e.contentReference && isOfR4(e, snapshot, dataElements));
}

/** `Patient.id` is `Resource.id`, `Patient.contact.id` is `Element.id`; what a type has of its own names itself. */
function isInherited(element) {
  return element.base !== undefined && element.base.path !== element.path;
}

function inheritedElements(type, types) {
  const found = new Map();
  for (let base = types.get(type.base); base; base = types.get(base.base)) {
    for (const element of base.elements) if (!found.has(element.name)) found.set(element.name, element);
  }
  return found;
}

/** Bases first, then by kind and name. */
function ordered(types) {
  const rank = { p: 0, c: 1, b: 2, r: 3 };
  const sorted = [...types.values()].sort((a, b) => rank[a.kind] - rank[b.kind] || byText(a.name, b.name));
  const done = new Set();
  const result = [];
  const visit = (type) => {
    if (done.has(type.name)) return;
    done.add(type.name);
    if (type.base) visit(types.get(type.base));
    result.push(type);
  };
  sorted.forEach(visit);
  return result;
}

function openTypes(types) {
  const value = types.get('Extension').elements.find((e) => e.name === 'value[x]');
  return value.type.map((t) => t.code);
}

function elementLine(element, open, lists) {
  const repeats = element.max === '*';
  if (element.min > 1 || (!repeats && element.max !== '1')) throw new Error(`${element.path}: cardinality ${element.min}..${element.max}`);
  const cardinality = repeats ? (element.min ? '+' : '*') : element.min ? '!' : '?';
  const flags = `${element.isSummary ? 's' : ''}${element.isModifier ? 'm' : ''}` || '-';
  let line = ` ${element.name} ${cardinality} ${flags} ${elementTypes(element, open)}`;
  if (element.binding?.strength === 'required') {
    const list = lists.name(element.binding.valueSet);
    if (list) line += ` =${list}`;
  }
  return line;
}

function elementTypes(element, open) {
  if (element.holdsElements) return element.path;
  if (element.contentReference) return element.contentReference.slice(1);
  const published = element.base?.path ?? element.path;
  if (published in CORRECTED_TYPES) return CORRECTED_TYPES[published];
  const codes = element.type.map((t) => t.code);
  if (element.name.endsWith('[x]') && codes.length === open.length && codes.every((c, at) => c === open[at])) return 'open';
  return element.type.map(typeText).join(',');
}

function typeText(type) {
  if (type.code.startsWith(SYSTEM_TYPE)) return type.extension?.find((e) => e.url === FHIR_TYPE)?.valueUrl ?? 'string';
  const targets = (type.targetProfile ?? []).filter((p) => p.startsWith(STRUCTURE)).map((p) => p.slice(STRUCTURE.length));
  if (targets.length === 0 || targets.includes('Resource')) return type.code;
  return `${type.code}(${targets.join('|')})`;
}
