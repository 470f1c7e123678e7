import { describe, expect, it } from 'vitest';
import { readRowKey, rowKey } from './rowKey';

describe('the address of a row', () => {
  it('leads back to its table, row and delivery', () => {
    expect(rowKey({ table: 'visits', row: 3, delivery: 2 })).toBe('visits/3/2');
    expect(readRowKey('visits/3/2')).toEqual({ table: 'visits', row: '3', delivery: '2' });
    expect(readRowKey('visits/3')).toEqual({ table: 'visits', row: '3', delivery: undefined });
    expect(readRowKey(rowKey({ table: 'a/b', row: 3, delivery: 2 }))).toEqual({ table: 'a/b', row: '3', delivery: '2' });
  });
});
