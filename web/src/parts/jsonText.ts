/**
 * JSON as text: laid out and searched without parsing its numbers, so that 7.40 stays 7.40 and every span is a place in the text.
 */

export interface Span {
  from: number;
  to: number;
}

const BLANK = /\s/;

/** Goes through JSON text, value by value. */
export class Scanner {
  at = 0;
  constructor(readonly text: string) {}

  blank(): void {
    while (this.at < this.text.length && BLANK.test(this.text.charAt(this.at))) this.at += 1;
  }

  peek(): string {
    this.blank();
    return this.text.charAt(this.at);
  }

  string(): string {
    const from = this.at;
    this.at += 1;
    while (this.at < this.text.length && this.text.charAt(this.at) !== '"') {
      this.at += this.text.charAt(this.at) === '\\' ? 2 : 1;
    }
    this.at += 1;
    return this.text.slice(from, this.at);
  }

  /** Goes over one value and gives its place. */
  value(): Span {
    const open = this.peek();
    const from = this.at;
    if (open === '"') this.string();
    else if (open === '{' || open === '[') this.nest(() => undefined);
    else while (this.at < this.text.length && !/[\s,\]}]/.test(this.text.charAt(this.at))) this.at += 1;
    return { from, to: this.at };
  }

  /** Goes over an object or array; `each` is told of every member's or item's key (`undefined` in arrays) and may read its value. */
  nest(each: (key: string | undefined, index: number) => 'read' | undefined): void {
    const object = this.peek() === '{';
    const close = object ? '}' : ']';
    this.at += 1;
    for (let index = 0; this.at < this.text.length; index += 1) {
      if (this.peek() === close) {
        this.at += 1;
        return;
      }
      if (this.peek() === ',') this.at += 1;
      let key: string | undefined;
      if (object) {
        this.blank();
        key = this.string();
        if (this.peek() === ':') this.at += 1;
      }
      this.blank();
      const before = this.at;
      if (each(key, index) !== 'read') this.value();
      // Broken text must not hold the page: without progress there is nothing more to find.
      if (this.at === before) return;
    }
  }
}

/** The place of `path` (`component[1].valueQuantity`) within `text`, with the member's name. */
export function spanOf(text: string, path: string): Span | undefined {
  const steps = path.match(/[^.[\]]+/g) ?? [];
  const scanner = new Scanner(text);
  let found: Span | undefined;
  const walk = (depth: number, from: number): void => {
    const open = scanner.peek();
    if (depth === steps.length) {
      found = { from, to: scanner.value().to };
      return;
    }
    if (open !== '{' && open !== '[') {
      scanner.value();
      return;
    }
    scanner.nest((key, index) => {
      const step = steps[depth];
      const here = key === undefined ? String(index) === step : key === `"${step}"`;
      if (!here || found) return undefined;
      const start = key === undefined ? scanner.at : text.lastIndexOf(key, scanner.at);
      walk(depth + 1, start);
      return 'read';
    });
  };
  if (scanner.peek() === '{') walk(0, 0);
  return found;
}

/** Lays JSON out with two spaces; everything but blanks between tokens stays as it is. */
export function layOut(text: string): string {
  const scanner = new Scanner(text);
  let out = '';
  let depth = 0;
  const line = () => `\n${'  '.repeat(depth)}`;
  while (scanner.at < text.length) {
    const open = scanner.peek();
    if (open === '') break;
    if (open === '"') out += scanner.string();
    else {
      scanner.at += 1;
      if (open === '{' || open === '[') {
        const close = scanner.peek();
        if (close === '}' || close === ']') {
          scanner.at += 1;
          out += open + close;
        } else {
          depth += 1;
          out += open + line();
        }
      } else if (open === '}' || open === ']') {
        depth = Math.max(0, depth - 1);
        out += line() + open;
      } else if (open === ',') out += `,${line()}`;
      else out += open === ':' ? ': ' : open;
    }
  }
  return out;
}
