/**
 * Messages as the catalogues write them: the part of ICU MessageFormat that they use. Its test compares it with `intl-messageformat`, which knows
 * all of it and weighs ten times as much.
 */
export type Values = Record<string, string | number>;

type Branches = Record<string, Part[]>;
type Part = string | { kind: 'text' | 'number' | 'select' | 'plural'; name: string; style: string; branches: Branches } | typeof COUNT;

/** Where a plural says its number. */
const COUNT = Symbol('#');

/** Reads a message from its first character to its last. */
class Reader {
  private at = 0;

  constructor(private readonly text: string) {}

  /** Parts up to the end, or to the bracket that ends a branch. */
  parts(inPlural: boolean): Part[] {
    const parts: Part[] = [];
    for (;;) {
      const next = this.upTo(inPlural ? /[{}#]/ : /[{}]/);
      if (next !== '') parts.push(next);
      const mark = this.text[this.at];
      if (mark === undefined || mark === '}') return parts;
      this.at += 1;
      parts.push(mark === '#' ? COUNT : this.argument());
    }
  }

  private argument(): Part {
    const name = this.word();
    const kind = this.takes(',') ? this.word() : 'text';
    if (kind !== 'text' && kind !== 'number' && kind !== 'select' && kind !== 'plural') throw this.wrong(`no such format: ${kind}`);
    const more = this.takes(',');
    const branches = kind === 'select' || kind === 'plural' ? this.branches(kind === 'plural') : {};
    const style = more && kind === 'number' ? this.upTo(/\}/).trim() : '';
    if (!this.takes('}')) throw this.wrong('} is missing');
    return { kind, name, style, branches };
  }

  private branches(inPlural: boolean): Branches {
    const branches: Branches = {};
    for (let name = this.word(); name !== ''; name = this.word()) {
      if (!this.takes('{')) throw this.wrong('{ is missing');
      branches[name] = this.parts(inPlural);
      if (!this.takes('}')) throw this.wrong('} is missing');
    }
    if (!branches['other']) throw this.wrong('there is no branch for others');
    return branches;
  }

  private upTo(mark: RegExp): string {
    const rest = this.text.slice(this.at);
    const end = rest.search(mark);
    const found = end < 0 ? rest : rest.slice(0, end);
    this.at += found.length;
    return found;
  }

  private word(): string {
    this.upTo(/\S/);
    return this.upTo(/[\s,{}]/);
  }

  private takes(mark: string): boolean {
    this.upTo(/\S/);
    if (this.text[this.at] !== mark) return false;
    this.at += 1;
    return true;
  }

  wrong(what: string): Error {
    return new Error(`${what}: ${this.text.slice(0, this.at)}▸${this.text.slice(this.at)}`);
  }

  atEnd(): boolean {
    return this.at === this.text.length;
  }
}

/** How a number is written: `::@##` is of one to three significant digits. */
function numbers(language: string, style: string): Intl.NumberFormat {
  const digits = /^::(@+)(#*)$/.exec(style);
  if (style !== '' && !digits) throw new Error(`no such way to write a number: ${style}`);
  const [, least = '', more = ''] = digits ?? [];
  return new Intl.NumberFormat(language, digits ? { minimumSignificantDigits: least.length, maximumSignificantDigits: least.length + more.length } : {});
}

/** A message ready to be said in a language; a value that is not given is left out. */
export function message(text: string, language: string): (values?: Values) => string {
  if (!text.includes('{')) return () => text;
  const reader = new Reader(text);
  const parts = reader.parts(false);
  if (!reader.atEnd()) throw reader.wrong('a } too many');
  const plain = numbers(language, '');
  const styles = new Map<string, Intl.NumberFormat>([['', plain]]);
  const plurals = new Intl.PluralRules(language);
  const styled = (style: string): Intl.NumberFormat => {
    const known = styles.get(style) ?? numbers(language, style);
    styles.set(style, known);
    return known;
  };
  const say = (of: Part[], values: Values, count: number): string =>
    of
      .map((part) => {
        if (typeof part === 'string') return part;
        if (typeof part === 'symbol') return plain.format(count);
        const value = values[part.name];
        if (part.kind === 'text') return String(value ?? '');
        if (part.kind === 'number') return value === undefined ? '' : styled(part.style).format(Number(value));
        const { branches } = part;
        if (part.kind === 'select') return say(branches[String(value)] ?? branches['other'] ?? [], values, count);
        const n = Number(value ?? 0);
        return say(branches[`=${n}`] ?? branches[plurals.select(n)] ?? branches['other'] ?? [], values, n);
      })
      .join('');
  return (values = {}) => say(parts, values, 0);
}
