// Writes crates/fhir/data/*.txt. See README.md.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compartmentTable } from './compartment.mjs';
import { parameterTables } from './parameters.mjs';
import { readDefinitions } from './read.mjs';
import { schemaTables } from './schema.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const data = join(here, '../../crates/fhir/data');
mkdirSync(data, { recursive: true });

const definitions = readDefinitions();
const schema = schemaTables(definitions);
const parameters = parameterTables(definitions, schema.resourceTypes, join(data, 'parameter-numbers.txt'));
const files = {
  'schema.txt': schema.types,
  'code-lists.txt': schema.codeLists,
  'parameters.txt': parameters.parameters,
  'parameter-numbers.txt': parameters.numbers,
  'compartment-patient.txt': compartmentTable(definitions, parameters.codes),
};
for (const [name, text] of Object.entries(files)) {
  writeFileSync(join(data, name), text);
  console.log(`${name}: ${Buffer.byteLength(text)} bytes`);
}
