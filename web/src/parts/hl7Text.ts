import type { Span } from './jsonText';

/** The segments of an HL7 v2 message that a record of a type is made of; the first kind that the message has counts. */
const SEGMENTS: Record<string, string[]> = {
  Patient: ['PID'],
  RelatedPerson: ['NK1'],
  Encounter: ['PV1'],
  AllergyIntolerance: ['AL1', 'IAM'],
  Condition: ['DG1', 'PRB'],
  Observation: ['OBX'],
  DiagnosticReport: ['OBR'],
  ServiceRequest: ['ORC', 'OBR'],
  Specimen: ['SPM'],
  Immunization: ['RXA'],
  Procedure: ['PR1'],
  DocumentReference: ['TXA'],
  Practitioner: ['PV1', 'OBR', 'ORC'],
  Organization: ['PV1', 'OBX', 'MSH'],
  Coverage: ['IN1'],
};

export interface Located {
  /** The part of the text that the record stands in. */
  within?: Span | undefined;
  /** The element that the value stands in. */
  field?: Span | undefined;
}

/** Strings and numbers of a JSON text, as they stand in it. */
function scalars(json: string): Set<string> {
  const found = new Set<string>();
  for (const [number, string, isKey] of json.matchAll(/"((?:[^"\\]|\\.)*)"(\s*:)?|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g)) {
    if (!isKey) found.add(string ?? number);
  }
  return found;
}

/**
 * The segment of `message` that a record was most likely made of: of its type's segments the one that shares most with the
 * record's content; of an observation also the value, OBX-5. `undefined` if nothing in the message speaks for one.
 */
export function locateInMessage(message: string, type: string, json: string): Located | undefined {
  const start = message.search(/MSH[^A-Za-z0-9]/);
  // The segments alone, without the header that names what separates: nearly all messages use these.
  if (start < 0 && !/^[A-Z][A-Z0-9]{2}[^A-Za-z0-9]/.test(message)) return undefined;
  const separator = message.charAt(start < 0 ? 3 : start + 3);
  const inner = start < 0 ? '^~&' : message.slice(start + 4, start + 8).replaceAll('\\', '');
  const content = scalars(json);
  let best: { span: Span; score: number } | undefined;
  for (const name of SEGMENTS[type] ?? []) {
    for (const match of message.matchAll(new RegExp(`(?<=^|[\\r\\n])${name}[^\\r\\n]*`, 'g'))) {
      const span = { from: match.index, to: match.index + match[0].length };
      const parts = new Set(match[0].split(separator).flatMap((field) => split(field, inner)));
      const score = [...parts].filter((part) => part.length > 0 && content.has(part)).length;
      if (!best || score > best.score) best = { span, score };
    }
    if (best) break;
  }
  if (!best || best.score === 0) return undefined;
  return { within: best.span, field: type === 'Observation' ? fieldSpan(message, best.span, separator, 5) : undefined };
}

function split(field: string, separators: string): string[] {
  let parts = [field];
  for (const separator of separators) parts = parts.flatMap((part) => part.split(separator));
  return parts;
}

function fieldSpan(message: string, segment: Span, separator: string, wanted: number): Span | undefined {
  let from = segment.from;
  for (let n = 0; n < wanted; n += 1) {
    const next = message.indexOf(separator, from);
    if (next < 0 || next >= segment.to) return undefined;
    from = next + 1;
  }
  const end = message.indexOf(separator, from);
  const to = end < 0 || end > segment.to ? segment.to : end;
  return to > from ? { from, to } : undefined;
}
