/** The shapes of this server's own API (`/api`), as `crates/server/src/api` writes them. */

export interface Session {
  /** The account; `null` for a token or the operator on this machine. */
  person: { name: string; account: string; role: string } | null;
  principal?: string;
  /** What this account may open here: `patients`, `sql`. */
  features: string[];
  /** The site's time zone, IANA. */
  zone: string;
  /** Sent back with each request that changes something. */
  csrf: string | null;
  /** It opens nothing until the password is given again. */
  locked?: boolean;
  build: string;
}

/** What a person chose for the pages; it is kept with the account. */
export interface Choices {
  language: string | null;
  theme: string | null;
  /** Names of keys that are switched off; `*` for all. */
  keys_off: string[];
}

export interface OpenSession {
  id: number;
  created: string;
  seen: string;
  expires: string;
  locked: string | null;
  /** The address it came from. */
  from: string;
  /** The one that asks. */
  current: boolean;
}

export interface Me {
  choices: Choices;
  sessions: OpenSession[];
}

export interface Setup {
  /** Whether the first administrator is still to be made. */
  open: boolean;
  /** Whether the code that was asked about would be taken. */
  valid?: boolean;
}

export interface Name {
  text: string;
  family?: string;
  given?: string;
  prefix?: string;
  /** The name in Chinese characters. */
  zh?: string;
}

export interface Identifier {
  system?: string;
  value: string;
  /** What the issuer calls it, "MRN". */
  label?: string;
}

export interface Person {
  id: string;
  name: Name;
  born?: string;
  died?: string;
  /** FHIR administrative gender. */
  sex?: 'male' | 'female' | 'other' | 'unknown';
  identifiers: Identifier[];
}

/** Why a patient matched: a kind and the text of the record that did. */
export interface Reason {
  kind: 'name' | 'sounds' | 'pinyin' | 'initials' | 'near' | 'identifier' | 'born' | 'phone' | 'id';
  text: string;
}

export interface Found extends Person {
  last_contact?: string;
  why: Reason[];
}

export interface Patients {
  patients: Found[];
  /** Patients that matched, of which `patients` are the first. */
  total: number;
  /** Patients in the index. */
  known: number;
  as_of: string;
  seq: number;
}

export interface Code {
  text: string;
  system?: string;
  code?: string;
}

export interface Problem {
  ref: string;
  code: Code;
  clinical?: string;
  verification?: string;
  onset?: string;
  abated?: string;
  recorded?: string;
}

export interface Allergy {
  ref: string;
  code: Code;
  clinical?: string;
  verification?: string;
  criticality?: string;
  reactions: string[];
  /** The record says that there is no known allergy (of the kind its code names). */
  none_known: boolean;
}

export interface Medication {
  ref: string;
  code: Code;
  status?: string;
  intent?: string;
  dose?: string;
  since?: string;
  until?: string;
  reason?: string;
  /** Being taken or ordered now, as far as the record says. */
  active: boolean;
}

export interface Encounter {
  ref: string;
  status?: string;
  /** What the source calls its class, and the code of it (v3 ActCode): `IMP`. */
  class?: string;
  class_code?: string;
  type?: string;
  start?: string;
  end?: string;
  place?: string;
}

export interface Range {
  low?: string;
  high?: string;
  text?: string;
}

export interface LabTest {
  key: string;
  code: Code;
  unit?: string;
  /** FHIR observation category, `laboratory`, `vital-signs` … */
  category: string;
}

export interface LabResult {
  ref: string;
  /** Index into `tests`. */
  test: number;
  at?: string;
  /** The number with the source's digits, or the coded or plain text. */
  value?: string;
  numeric: boolean;
  comparator?: string;
  unit?: string;
  range?: Range;
  /** HL7 interpretation code that the source gave. */
  flag?: string;
  status?: string;
  /** Why there is no value. */
  absent?: string;
  /** The element the value stands in: `valueQuantity`, `component[1].valueQuantity`. */
  field: string;
}

export interface Chart {
  patient: Person & { merged_into?: string; merged_from: string[]; phone?: string; address?: string };
  problems: Problem[];
  allergies: Allergy[];
  medications: Medication[];
  encounters: Encounter[];
  tests: LabTest[];
  results: LabResult[];
  /** Resource types of which only the newest were read. */
  truncated: string[];
  /** Resource types that this account may not read. */
  withheld: string[];
  as_of: string;
  seq: number;
}

export interface Arrival {
  no: number;
  at: string;
  door: string;
  source: string;
  name: string;
  media: string;
  wrapper: string;
  length: number;
  hash: string;
  principal: string;
  undone?: string;
}

export interface Version {
  version: number;
  at: string;
  change: 'created' | 'updated' | 'deleted';
  seq: number;
  arrival: Arrival;
  /** Place of the resource in the arrival's content. */
  offset: number;
  length: number;
}

export interface Where {
  ref: string;
  versions: Version[];
}

export interface SqlResult {
  columns: { name: string; type: string }[];
  rows: unknown[][];
  truncated: boolean;
  ms: number;
  seq: number;
  lag_s: number;
}

export interface SqlColumn {
  name: string;
  type: string;
  comment: string;
}

export interface SqlTable {
  name: string;
  comment: string;
  columns: SqlColumn[];
}
