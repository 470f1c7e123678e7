import { expect, it } from 'vitest';
import { forgetList, keepList, placeOf } from './list';

it('says where a patient stands in the list one came from, and who is before and after', () => {
  expect(placeOf('b')).toBeUndefined();
  keepList({ q: 'chen', ids: ['a', 'b', 'c'] });
  expect(placeOf('b')).toEqual({ q: 'chen', no: 2, of: 3, previous: 'a', next: 'c' });
  expect(placeOf('c')).toEqual({ q: 'chen', no: 3, of: 3, previous: 'b' });
  expect(placeOf('z')).toBeUndefined();
  forgetList();
  expect(placeOf('a')).toBeUndefined();
});
