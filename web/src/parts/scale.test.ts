import { expect, it } from 'vitest';
import { scaleOf, valueTicks } from './scale';

const box = { left: 0, right: 600, top: 0, bottom: 100 };

it('holds every point and both limits of the range', () => {
  const scale = scaleOf([{ at_ms: 0, value: 5 }, { at_ms: 10, value: 6 }], 3, 8, box);
  expect(scale.y(3)).toBeLessThanOrEqual(100);
  expect(scale.y(8)).toBeGreaterThanOrEqual(0);
  expect([scale.x(0), scale.x(10)]).toEqual([0, 600]);
  const inner = scaleOf([{ at_ms: 0, value: 5 }, { at_ms: 10, value: 6 }], 3, 8, box, 10);
  expect([inner.x(0), inner.x(10)]).toEqual([10, 590]);
});

it('draws a single value in the middle, even zero', () => {
  const scale = scaleOf([{ at_ms: 7, value: 0 }], undefined, undefined, box);
  expect([scale.x(7), scale.y(0)]).toEqual([300, 50]);
});

it('marks the axis at round values with the digits they need', () => {
  const texts = (a: number, b: number) => valueTicks(scaleOf([{ at_ms: 0, value: a }, { at_ms: 1, value: b }], undefined, undefined, box)).map((tick) => tick.text);
  expect(texts(7.31, 7.45)).toEqual(['7.30', '7.35', '7.40', '7.45']);
  expect(texts(0, 1000)).toEqual(['0', '500', '1000']);
  expect(texts(-3, 3)).toEqual(['-2', '0', '2']);
});
