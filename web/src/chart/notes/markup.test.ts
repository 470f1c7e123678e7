import { describe, expect, it } from 'vitest';
import { parseMarkup, unescape, type Markup } from './markup';

/** A tree as one writes it down: `div(p('x'))`. */
const drawn = (all: readonly Markup[]): string => all.map((one) => (typeof one === 'string' ? `'${one}'` : `${one.tag}(${drawn(one.children)})`)).join(' ');
const tree = (text: string): string => drawn(parseMarkup(text).children);

describe('parseMarkup', () => {
  it.each([
    ['<div xmlns="http://www.w3.org/1999/xhtml"><p>a &lt; b<br/>c</p></div>', "div(p('a < b' br() 'c'))"],
    ['<?xml version="1.0"?><!DOCTYPE html><!-- x --><P>a</P>', "p('a')"],
    ['<p>one<p>two<ul><li>a<li>b<ul><li>c</ul></ul>', "p('one') p('two') ul(li('a') li('b' ul(li('c'))))"],
    ['<table><tr><td>1<td>2<tr><td><table><tr><td>in</table></table>after', "table(tr(td('1') td('2')) tr(td(table(tr(td('in')))))) 'after'"],
    ['<script>if (a < b) { "</p>" }</script>x', `script('if (a < b) { "</p>" }') 'x'`],
    ['<![CDATA[<b>]]> & 3 < 4 <', "'<b> & 3 < 4 <'"],
    ['<td width=5">a</td>', "td('a')"],
    ['<p title="a > b">c</p>', "p('c')"],
    ['<constructor><b>a</b></constructor>', "constructor(b('a'))"],
    ['</p>a</div>', "'a'"],
    ['<p>never ended', "p('never ended')"],
    ['a <b', "'a '"],
  ])('reads %s', (text, expected) => {
    expect(tree(text)).toBe(expected);
  });

  it('reads attributes in every way they are written', () => {
    const [element] = parseMarkup(`<td COLSPAN=2 xml:lang='de' title="a &amp; b" nowrap>`).children;
    expect(typeof element === 'object' && [...element.attributes]).toEqual([['colspan', '2'], ['lang', 'de'], ['title', 'a & b'], ['nowrap', '']]);
  });

  it('ends, whatever it is given', () => {
    const deep = parseMarkup('<div>'.repeat(100_000));
    expect(deep.cut).toBe(true);
    expect(parseMarkup('<p '.repeat(20_000)).children.length).toBeLessThanOrEqual(1);
    expect(parseMarkup('<script>'.repeat(20_000)).children).toHaveLength(1);
  });
});

describe('unescape', () => {
  it.each([
    ['&deg;C &#181;g &#x2265; &eacute;', '°C µg ≥ é'],
    ['&unknown; &constructor; &amp', '&unknown; &constructor; &amp'],
    ['&#0;&#xD800;&#99999999;', '&#99999999;'],
  ])('%s', (text, expected) => expect(unescape(text)).toBe(expected));
});
