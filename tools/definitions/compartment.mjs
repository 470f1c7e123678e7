// The patient compartment: TYPE CODE CODE ... a line, the reference parameters that put a resource into a patient's compartment.

import { byText } from './read.mjs';

export function compartmentTable({ patientCompartment }, codes) {
  const lines = [];
  for (const { code: type, param } of patientCompartment.resource) {
    if (!param) continue;
    for (const code of param) {
      if (!codes.get(type)?.has(code)) throw new Error(`the compartment names ${type}.${code}, which is no search parameter`);
    }
    lines.push([type, ...param].join(' '));
  }
  return `${lines.sort(byText).join('\n')}\n`;
}
