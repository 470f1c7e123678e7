import { expect, it } from 'vitest';
import { distance, similarNames } from './similar';

const name = (text: string) => ({ text });

it('marks names that can be taken for each other, and only those', () => {
  expect([...similarNames([name('Chen Wei'), name('Smith John'), name('Chen Wie'), name('Smyth John')])]).toEqual([0, 2, 1, 3]);
  expect(similarNames([name('陈伟'), name('王芳'), name('Li Na'), name('Li Wu')]).size).toBe(0);
  expect([...similarNames([name('王芳'), name('王芳')])]).toEqual([0, 1]);
  expect([...similarNames([name('Zoë Müller'), name('Zoe Muller')])].length).toBe(2);
});

it('measures edits and gives up early', () => {
  expect(distance('kitten', 'sitting', 3)).toBe(3);
  expect(distance('kitten', 'sitting', 2)).toBe(3);
  expect(distance('', 'ab', 5)).toBe(2);
});
