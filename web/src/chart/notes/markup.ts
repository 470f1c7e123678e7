/**
 * Narrative of FHIR and pages of HTML as a tree, read without a browser's parser: nothing of it runs, is fetched or is styled while it is
 * read, and what may be shown is decided by who draws the tree.
 */

export interface Element {
  tag: string;
  attributes: ReadonlyMap<string, string>;
  children: Markup[];
}
export type Markup = Element | string;

/** Markup that has more parts or lies deeper is cut: a page must not stand still for a document that is wrong. */
const MOST_PARTS = 60_000;
const MOST_DEPTH = 120;

const VOID = new Set(['area', 'base', 'br', 'col', 'embed', 'hr', 'img', 'input', 'link', 'meta', 'param', 'source', 'track', 'wbr']);
/** What they hold is no markup. */
const RAW = new Set(['script', 'style', 'textarea', 'title', 'xmp', 'noscript', 'iframe']);
/** HTML lets these be left open: the next of the kind ends them, within what holds them. */
const ENDED_BY = new Map<string, { by: string[]; within: string[] }>(
  Object.entries({
  li: { by: ['li'], within: ['ul', 'ol'] },
  dt: { by: ['dt', 'dd'], within: ['dl'] },
  dd: { by: ['dt', 'dd'], within: ['dl'] },
  tr: { by: ['tr', 'thead', 'tbody', 'tfoot'], within: ['table'] },
  td: { by: ['td', 'th', 'tr', 'thead', 'tbody', 'tfoot'], within: ['table'] },
  th: { by: ['td', 'th', 'tr', 'thead', 'tbody', 'tfoot'], within: ['table'] },
  thead: { by: ['tbody', 'tfoot', 'thead'], within: ['table'] },
  tbody: { by: ['tbody', 'tfoot', 'thead'], within: ['table'] },
  tfoot: { by: ['tbody', 'tfoot', 'thead'], within: ['table'] },
  p: { by: ['p', 'div', 'ul', 'ol', 'dl', 'table', 'pre', 'blockquote', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'hr'], within: ['div', 'td', 'th', 'li', 'dd', 'blockquote', 'body'] },
  option: { by: ['option'], within: ['select'] },
}),
);

const ENTITIES = new Map(
  Object.entries({
  amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00a0', shy: '\u00ad', copy: '©', reg: '®', deg: '°', plusmn: '±', micro: 'µ', middot: '·', frac12: '½', frac14: '¼', frac34: '¾', sup2: '²', sup3: '³',
  times: '×', divide: '÷', ndash: '–', mdash: '—', lsquo: '‘', rsquo: '’', ldquo: '“', rdquo: '”', laquo: '«', raquo: '»', bull: '•', hellip: '…', euro: '€', trade: '™', larr: '←', uarr: '↑', rarr: '→', darr: '↓',
  le: '≤', ge: '≥', ne: '≠', asymp: '≈', alpha: 'α', beta: 'β', gamma: 'γ', delta: 'δ', mu: 'μ', auml: 'ä', ouml: 'ö', uuml: 'ü', Auml: 'Ä', Ouml: 'Ö', Uuml: 'Ü', szlig: 'ß', agrave: 'à', aacute: 'á', acirc: 'â', egrave: 'è', eacute: 'é', ecirc: 'ê',
  iacute: 'í', ntilde: 'ñ', oacute: 'ó', ocirc: 'ô', uacute: 'ú', ccedil: 'ç', aring: 'å', oslash: 'ø', aelig: 'æ', sect: '§', para: '¶', iexcl: '¡', iquest: '¿',
}),
);

/** Text with its entities as the letters they stand for; one that is not known stays as it is written. */
export function unescape(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([A-Za-z][A-Za-z0-9]*));/g, (whole, decimal: string | undefined, hex: string | undefined, name: string | undefined) => {
    if (name !== undefined) return ENTITIES.get(name) ?? whole;
    const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
    return code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) ? String.fromCodePoint(code) : '';
  });
}

const ATTRIBUTE = /([^\s=/>"']+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g;

function attributesOf(text: string): ReadonlyMap<string, string> {
  const all = new Map<string, string>();
  for (const [, name = '', double, single, bare] of text.matchAll(ATTRIBUTE)) {
    const key = name.toLowerCase().replace(/^xml:/, '');
    if (!all.has(key)) all.set(key, unescape(double ?? single ?? bare ?? ''));
  }
  return all;
}

/** The end of a tag that begins at `from`: a `>` outside of quoted values. A quote that is never closed quotes nothing. */
function endOfTag(text: string, from: number): number {
  let quote = '';
  let before = '';
  for (let at = from; at < text.length; at += 1) {
    const c = text.charAt(at);
    if (quote) {
      if (c === quote) quote = '';
    } else if (before === '=' && (c === '"' || c === "'")) quote = c;
    else if (c === '>') return at;
    if (c.trim() !== '') before = c;
  }
  return text.indexOf('>', from);
}

/** Reads XHTML or HTML, also such as is not well formed. `cut` says that there is more than is shown. */
export function parseMarkup(text: string): { children: Markup[]; cut: boolean } {
  const root: Element = { tag: '', attributes: new Map(), children: [] };
  const open: Element[] = [root];
  const top = () => open.at(-1) ?? root;
  const lower = text.toLowerCase();
  let parts = 0;
  let at = 0;
  const say = (words: string): void => {
    if (words === '') return;
    const { children } = top();
    const last = children.at(-1);
    if (typeof last === 'string') children[children.length - 1] = last + words;
    else children.push(words);
    parts += 1;
  };
  const close = (tag: string): void => {
    const found = open.findLastIndex((element) => element.tag === tag);
    if (found > 0) open.length = found;
  };
  while (at < text.length && parts < MOST_PARTS) {
    const next = text.indexOf('<', at);
    if (next < 0) {
      say(unescape(text.slice(at)));
      break;
    }
    say(unescape(text.slice(at, next)));
    if (text.startsWith('<!--', next)) {
      const end = text.indexOf('-->', next + 4);
      at = end < 0 ? text.length : end + 3;
      continue;
    }
    if (text.startsWith('<![CDATA[', next)) {
      const end = text.indexOf(']]>', next + 9);
      say(text.slice(next + 9, end < 0 ? text.length : end));
      at = end < 0 ? text.length : end + 3;
      continue;
    }
    const head = /^<(\/?)([A-Za-z][A-Za-z0-9:._-]*)/.exec(text.slice(next, next + 80));
    if (!head) {
      // A declaration, an instruction, or a sign that stands for itself.
      const isDeclaration = /^<[!?]/.test(text.slice(next, next + 2));
      const end = isDeclaration ? text.indexOf('>', next) : -1;
      if (!isDeclaration) say('<');
      at = isDeclaration ? (end < 0 ? text.length : end + 1) : next + 1;
      continue;
    }
    const end = endOfTag(text, next + head[0].length);
    if (end < 0) break;
    const tag = (head[2] ?? '').toLowerCase().replace(/^[a-z]+:/, '');
    at = end + 1;
    if (head[1] === '/') {
      close(tag);
      continue;
    }
    for (;;) {
      const ended = open.findLast((element) => ENDED_BY.get(element.tag)?.by.includes(tag));
      const rule = ended && ENDED_BY.get(ended.tag);
      const above = ended ? open.slice(open.indexOf(ended) + 1) : [];
      if (!ended || !rule || above.some((element) => rule.within.includes(element.tag))) break;
      open.length = open.indexOf(ended);
    }
    const inside = text.slice(next + head[0].length, end);
    const alone = inside.endsWith('/') || VOID.has(tag);
    const element: Element = { tag, attributes: attributesOf(inside.replace(/\/$/, '')), children: [] };
    parts += 1;
    top().children.push(element);
    if (alone) continue;
    if (RAW.has(tag)) {
      const closing = lower.indexOf(`</${tag}`, at);
      const stop = closing < 0 ? text.length : closing;
      element.children.push(text.slice(at, stop));
      const gone = closing < 0 ? -1 : text.indexOf('>', closing);
      at = gone < 0 ? text.length : gone + 1;
      continue;
    }
    if (open.length < MOST_DEPTH) open.push(element);
  }
  return { children: root.children, cut: at < text.length && parts >= MOST_PARTS };
}
