// Code lists of required bindings.
//
// One line per list and code system, words separated by tabs: NAME SYSTEM CODE CODE ...

import { byText } from './read.mjs';

const VALUE_SET = 'http://hl7.org/fhir/ValueSet/';

export class CodeLists {
  #definitions;
  #lists = new Map();

  constructor(definitions) {
    this.#definitions = definitions;
  }

  /** The list's name in the tables; null if the value set cannot be enumerated from the package. */
  name(canonical) {
    const url = canonical.split('|')[0];
    if (!this.#lists.has(url)) this.#lists.set(url, this.#enumerate(url));
    if (!this.#lists.get(url)) return null;
    return url.startsWith(VALUE_SET) ? url.slice(VALUE_SET.length) : url;
  }

  table() {
    const lines = [];
    for (const url of [...this.#lists.keys()].sort(byText)) {
      const systems = this.#lists.get(url);
      if (!systems) continue;
      for (const system of [...systems.keys()].sort(byText)) {
        const codes = [...systems.get(system)].sort(byText);
        if (codes.some((c) => /[\t\n]/.test(c))) throw new Error(`${url}: a code has a tab`);
        lines.push([this.name(url), system, ...codes].join('\t'));
      }
    }
    return `${lines.join('\n')}\n`;
  }

  /** Codes by system, or null. */
  #enumerate(url) {
    const valueSet = this.#definitions.valueSets.get(url);
    if (!valueSet?.compose?.include || valueSet.compose.exclude) return null;
    const systems = new Map();
    for (const include of valueSet.compose.include) {
      if (include.filter || include.valueSet || !include.system) return null;
      const codes = systems.get(include.system) ?? new Set();
      systems.set(include.system, codes);
      if (include.concept) {
        include.concept.forEach((c) => codes.add(c.code));
        continue;
      }
      const codeSystem = this.#definitions.codeSystems.get(include.system);
      if (codeSystem?.content !== 'complete') return null;
      addConcepts(codes, codeSystem.concept ?? []);
    }
    return systems;
  }
}

function addConcepts(codes, concepts) {
  for (const concept of concepts) {
    codes.add(concept.code);
    addConcepts(codes, concept.concept ?? []);
  }
}
