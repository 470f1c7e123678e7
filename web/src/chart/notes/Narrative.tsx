import { createElement, Fragment, useMemo, type ReactNode } from 'react';
import { useT, type Translate } from '../../i18n';
import { parseMarkup, type Element, type Markup } from './markup';

/** What is shown as it is; headings become ones below those of the page. */
const SHOWN = new Map<string, string>([
  ...['p', 'div', 'span', 'b', 'strong', 'i', 'em', 'u', 's', 'del', 'ins', 'sub', 'sup', 'small', 'code', 'kbd', 'samp', 'var', 'pre', 'blockquote', 'q', 'cite', 'abbr', 'dfn', 'address'].map((tag): [string, string] => [tag, tag]),
  ...['ul', 'ol', 'li', 'dl', 'dt', 'dd', 'caption', 'thead', 'tbody', 'tfoot', 'tr', 'th', 'td'].map((tag): [string, string] => [tag, tag]),
  ...['center', 'section', 'article', 'main', 'header', 'footer', 'figure'].map((tag): [string, string] => [tag, 'div']),
  ...['big', 'font', 'a'].map((tag): [string, string] => [tag, 'span']),
  ['tt', 'code'],
  ['strike', 's'],
  ['figcaption', 'p'],
  ['h1', 'h4'],
  ['h2', 'h5'],
  ...['h3', 'h4', 'h5', 'h6'].map((tag): [string, string] => [tag, 'h6']),
]);

/** Neither they nor what they hold is shown. */
const DROPPED = new Set([
  'script', 'style', 'head', 'title', 'meta', 'link', 'base', 'iframe', 'frame', 'frameset', 'object', 'embed', 'applet', 'svg', 'math', 'template', 'noscript', 'audio', 'video', 'source', 'track', 'canvas', 'input', 'button', 'select', 'option', 'textarea', 'datalist', 'colgroup', 'col', 'map', 'area',
]);
/** Text between their parts is white space that the markup was laid out with. */
const STRUCTURE = new Set(['table', 'thead', 'tbody', 'tfoot', 'tr', 'ul', 'ol', 'dl']);
/** Pictures that stand in the text itself; others would be fetched from somewhere. */
const OWN_PICTURE = /^data:image\/(png|jpe?g|gif|webp|bmp);base64,[A-Za-z0-9+/=\s]+$/;
const ELSEWHERE = /^(https?:|mailto:|tel:|ftp:)/i;

/** A span of cells, as far as a table can have one. */
const spanOfCells = (text: string | undefined): number | undefined => {
  const cells = Number(text);
  return Number.isInteger(cells) && cells > 1 && cells <= 1000 ? cells : undefined;
};

/** Narrative as it was written, without what could run, fetch or lead away: no scripts, no styles, no pictures of elsewhere, no links. */
export function Narrative({ html }: { html: string }) {
  const t = useT();
  const { children, cut } = useMemo(() => parseMarkup(html), [html]);
  return (
    <div className="narrative">
      {drawAll(t, children, '')}
      {cut && <p className="notice">{t('notes.cut')}</p>}
    </div>
  );
}

function drawAll(t: Translate, all: readonly Markup[], within: string): ReactNode[] {
  return all.map((one, n) => {
    if (typeof one === 'string') return STRUCTURE.has(within) ? null : <Fragment key={n}>{one}</Fragment>;
    return <Fragment key={n}>{draw(t, one, within)}</Fragment>;
  });
}

function draw(t: Translate, element: Element, within: string): ReactNode {
  const { tag, attributes, children } = element;
  if (DROPPED.has(tag)) return null;
  if (tag === 'br') return <br />;
  if (tag === 'hr') return <hr />;
  if (tag === 'img') return <Picture attributes={attributes} />;
  if (tag === 'table') {
    return (
      <div className="narrative-table" tabIndex={0} role="region" aria-label={t('notes.table')}>
        <table>{drawAll(t, children, 'table')}</table>
      </div>
    );
  }
  const shown = SHOWN.get(tag);
  if (!shown) return drawAll(t, children, within);
  const inside = drawAll(t, children, shown);
  const lang = attributes.get('lang');
  const props: Record<string, unknown> = {
    ...(lang && /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/.test(lang) && { lang }),
    ...(/^(ltr|rtl)$/.test(attributes.get('dir') ?? '') && { dir: attributes.get('dir') }),
    ...((shown === 'td' || shown === 'th') && { colSpan: spanOfCells(attributes.get('colspan')), rowSpan: spanOfCells(attributes.get('rowspan')) }),
  };
  const drawn = createElement(shown, props, ...inside);
  const address = tag === 'a' ? (attributes.get('href') ?? '') : '';
  return ELSEWHERE.test(address) && !textOf(children).includes(address) ? (
    <>
      {drawn} <code className="muted">{address}</code>
    </>
  ) : (
    drawn
  );
}

const textOf = (all: readonly Markup[]): string => all.map((one) => (typeof one === 'string' ? one : textOf(one.children))).join('');

function Picture({ attributes }: { attributes: ReadonlyMap<string, string> }) {
  const t = useT();
  const source = attributes.get('src') ?? '';
  const words = attributes.get('alt') ?? '';
  if (OWN_PICTURE.test(source)) return <img src={source} alt={words} />;
  return <span className="muted">{t('notes.pictureElsewhere', { words: words || source.slice(0, 120) })}</span>;
}
