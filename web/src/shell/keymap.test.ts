import { describe, expect, it } from 'vitest';
import { ACTIONS, conflict, isKeys, keysOf, readOwn, resetKeys, setKeys } from './keymap';

describe('keys', () => {
  it('have no conflict at first', () => {
    for (const action of Object.keys(ACTIONS) as (keyof typeof ACTIONS)[]) expect(conflict(action, keysOf(action)), action).toBeUndefined();
  });

  it('are one character or two in a row', () => {
    expect(['j', 'g x', '[', '病'].filter(isKeys)).toHaveLength(4);
    expect(['', 'jk', 'g  x', 'g x y', ' '].filter(isKeys)).toEqual([]);
  });

  it('can be chosen, and what hinders another is named', () => {
    setKeys('keys.next', 'n');
    expect(keysOf('keys.next')).toBe('n');
    expect(conflict('keys.previous', 'n')).toBe('keys.next');
    expect(conflict('keys.previous', 'g'), 'g alone would never wait for its second key').toBe('place.patients');
    resetKeys();
    expect(keysOf('keys.next')).toBe('j');
  });

  it('survive what cannot be read', () => {
    expect(readOwn('{"keys.next":"n","no.such":"x","keys.help":"too long"}')).toEqual({ 'keys.next': 'n' });
    expect(readOwn('no json')).toEqual({});
  });
});
