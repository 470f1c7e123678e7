import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
const hash = (text: string): string => createHash('sha256').update(text).digest('hex');

it('the types are those of the OpenAPI document, as they were made of it: else run `make api-types`', () => {
  const [document, made, ...types] = read('./schema.d.ts').split('\n');
  expect(document).toBe(`// docs/openapi.json ${hash(read('../../../docs/openapi.json'))}`);
  expect(made).toBe(`// Made by \`make api-types\`, not by hand: ${hash(types.join('\n'))}`);
});
