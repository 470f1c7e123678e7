import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');

it('the types are those of the OpenAPI document: else run `make api-types`', () => {
  const hash = createHash('sha256').update(read('../../../docs/openapi.json')).digest('hex');
  expect(read('./schema.d.ts').split('\n')[0]).toBe(`// docs/openapi.json ${hash}`);
});
