import { expect, it } from 'vitest';
import { written } from './name';

it('writes western names family first in capitals', () => {
  const name = { text: 'Mr Wei Chen', family: 'Chen', given: 'Wei', prefix: 'Mr' };
  expect(written(name, 'en')).toEqual({ text: 'CHEN, Wei (Mr)' });
  expect(written(name, 'zh-Hans').text).toBe('CHEN, Wei (Mr)');
});

it('writes Chinese characters without comma, in front where the page is Chinese', () => {
  const both = { text: 'Chen Wei', family: 'Chen', given: 'Wei', zh: '陈伟' };
  expect(written(both, 'zh-Hans')).toEqual({ text: '陈伟', lang: 'zh', other: { text: 'CHEN, Wei' } });
  expect(written(both, 'en')).toEqual({ text: 'CHEN, Wei', other: { text: '陈伟', lang: 'zh' } });
  expect(written({ text: '王芳', family: '王', given: '芳' }, 'en')).toEqual({ text: '王芳', lang: 'zh' });
});

it('shows what there is when parts are missing', () => {
  expect(written({ text: 'Baby of Smith' }, 'en').text).toBe('Baby of Smith');
  expect(written({ text: 'Smith', family: 'Smith' }, 'en').text).toBe('SMITH');
});
