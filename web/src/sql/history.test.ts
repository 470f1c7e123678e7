import { expect, it } from 'vitest';
import { readHistory, withNewest, type Past } from './history';

const past = (sql: string, at_ms: number): Past => ({ sql, at_ms, rows: 1 });

it('keeps the newest statements, each once, within its bounds', () => {
  let all: Past[] = [];
  for (let n = 0; n < 80; n += 1) all = withNewest(all, past(`SELECT ${n}`, n));
  expect(all).toHaveLength(50);
  all = withNewest(all, past('SELECT 70', 100));
  expect(all.map(({ sql }) => sql).slice(0, 2)).toEqual(['SELECT 70', 'SELECT 79']);
  expect(all.filter(({ sql }) => sql === 'SELECT 70')).toHaveLength(1);
  expect(withNewest(all, past('x'.repeat(5_000), 1)), 'too long to keep').toBe(all);
  let long: Past[] = [];
  for (let n = 0; n < 20; n += 1) long = withNewest(long, past(`${n}${'x'.repeat(3_000)}`, n));
  expect(JSON.stringify(long).length).toBeLessThanOrEqual(15_000);
  expect(long[0]?.at_ms).toBe(19);
});

it('reads what it kept and nothing else', () => {
  expect(readHistory(JSON.stringify([past('SELECT 1', 5), { sql: 3 }, null]))).toEqual([past('SELECT 1', 5)]);
  expect(readHistory('{}')).toEqual([]);
  expect(readHistory('no json')).toEqual([]);
});
