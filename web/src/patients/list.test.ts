import { expect, it } from 'vitest';
import { forgetList, inOrderOf, keepList, placeOf } from './list';

it('says where a patient stands in the list one came from, and who is before and after', () => {
  expect(placeOf('b')).toBeUndefined();
  keepList({ q: 'chen', ids: ['a', 'b', 'c'] });
  expect(placeOf('b')).toEqual({ q: 'chen', no: 2, of: 3, previous: 'a', next: 'c' });
  expect(placeOf('c')).toEqual({ q: 'chen', no: 3, of: 3, previous: 'b' });
  expect(placeOf('z')).toBeUndefined();
  forgetList();
  expect(placeOf('a')).toBeUndefined();
});

it('moves no row that somebody may be pointing at', () => {
  const row = (id: string, at: number) => ({ id, at });
  expect(inOrderOf([row('a', 1), row('b', 1), row('c', 1)], [row('d', 2), row('c', 2), row('a', 2)])).toEqual([row('a', 2), row('b', 1), row('c', 2), row('d', 2)]);
});
