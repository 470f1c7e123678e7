// Writes web/src/api/schema.d.ts: the types of the server's interface, from the checked-in OpenAPI document. Only what the pages use
// is written - the shapes, not the routes. It begins with the hashes of the document and of what was made of it; a test of the pages
// compares both.
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import openapi, { astToString } from 'openapi-typescript';

const source = new URL('../../../docs/openapi.json', import.meta.url);
const target = new URL('../../src/api/schema.d.ts', import.meta.url);

const text = await readFile(source, 'utf8');
const { openapi: version, info, components } = JSON.parse(text);
const hash = (of) => createHash('sha256').update(of).digest('hex');
// The routes stand in the document for people and for tests of the server; the pages name only shapes.
const nodes = await openapi({ openapi: version, info, paths: {}, components: { schemas: components.schemas } }, { exportType: false });
const types = astToString(nodes);
await writeFile(target, `// docs/openapi.json ${hash(text)}\n// Made by \`make api-types\`, not by hand: ${hash(types)}\n${types}`);
process.stdout.write(`${target.pathname}: ${Object.keys(components.schemas).length} shapes\n`);
