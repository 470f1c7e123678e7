import { describe, expect, it } from 'vitest';
import { changesOf, wordsOf } from './changes';
import { diff, sideBySide } from './diff';

describe('changesOf', () => {
  it.each([
    ['a value', '{"value": 7.40}', '{"value": 7.4}', [{ path: 'value', before: '7.40', after: '7.4' }]],
    ['a new element', '{}', '{"note": [{"text": "x"}]}', [{ path: 'note', after: '[{"text": "x"}]' }]],
    ['one that went', '{"a": {"b": 1, "c": 2}}', '{"a": {"b": 1}}', [{ path: 'a.c', before: '2' }]],
    ['an item put before others', '{"name": [{"family": "A"}]}', '{"name": [{"family": "B"}, {"family": "A"}]}', [{ path: 'name[0]', after: '{"family": "B"}' }]],
    ['one item of several', '{"n": [1, 2, 3]}', '{"n": [1, 5, 3]}', [{ path: 'n[1]', before: '2', after: '5' }]],
    ['another kind of value', '{"x": "1"}', '{"x": [1]}', [{ path: 'x', before: '"1"', after: '[1]' }]],
    ['an order of members', '{"a": 1, "b": 2}', '{"b": 2, "a": 1}', []],
    ['what every version has of its own', '{"meta": {"versionId": "1", "lastUpdated": "x"}}', '{"meta": {"versionId": "2", "lastUpdated": "y"}}', []],
  ])('tells of %s', (_, before, after, changes) => {
    expect(changesOf(before, after)).toEqual(changes);
  });

  it('gives up on what is no JSON without standing still', () => {
    expect(changesOf('', '{"a": 1}')).toEqual([{ path: '', before: '', after: '{"a": 1}' }]);
    expect(changesOf('{"a": ', '{')).toHaveLength(1);
  });
});

it('lines stand side by side: what went beside what came', () => {
  expect(sideBySide(diff('a\nb\nc\nd', 'a\nx\nd\ne') ?? [])).toEqual([
    { kind: 'same', before: 'a', after: 'a' },
    { kind: 'different', before: 'b', after: 'x' },
    { kind: 'different', before: 'c' },
    { kind: 'same', before: 'd', after: 'd' },
    { kind: 'different', after: 'e' },
  ]);
});

it('an attached text is told as text, and nothing else is', () => {
  expect(wordsOf('content[0].attachment.data', '"U2xlcHQgd2VsbC4="')).toBe('Slept well.');
  expect(wordsOf('content[0].attachment.data', '"AAECAw=="')).toBe('"AAECAw=="');
  expect(wordsOf('content[0].attachment.title', '"U2xlcHQ="')).toBe('"U2xlcHQ="');
  expect(wordsOf('data', '"no base64!"')).toBe('"no base64!"');
});
