/** A clinic's extracts and its mapping, as docs/mapping.md has them, and a second delivery in which a file broke off. */
export const EXTRACTS: Record<string, string> = {
  'people.csv': 'pid,surname,forename,sex,born,phone\n17,Okafor,Ada,F,1984-02-29,555 0101\n18,Lind,Erik,M,31.12.1950,\n19,Nowak,Ewa,X,1990-02-30,555 0103\n',
  'visits.csv': 'visit,pid,arrived,left,kind\n9001,17,2026-03-01 08:10,2026-03-01 09:00,walk-in\n9002,18,2026-03-02 22:45,,emergency\n9003,77,2026-03-03 10:00,2026-03-03 10:20,walk-in\n9004,18\n',
  'results.csv': `result,visit,test,value,unit,at\n1,9001,HB,13.10,g/dl,2026-03-01 08:30\n2,9001,CRP,<5,mg/l,2026-03-01 08:30\n3,9002,HB,hemolysed,g/dl,2026-03-02 23:05\n4,9002,XYZ,7,,2026-03-02 23:05\n${Array.from({ length: 40 }, (_, n) => `${n + 5},9001,HB,12.${n},g/dl,2026-03-01 09:00\n`).join('')}`,
};

export const BROKEN_OFF: Record<string, string> = { 'results.csv': `${EXTRACTS['results.csv']?.split('\n').slice(0, 9).join('\n')}\n` };

export const MAPPING: Record<string, string> = {
  'mapping.toml': 'name = "clinic"\nversion = "1"\nzone = "Europe/Berlin"\n[tables.people]\nkey = ["pid"]\n[tables.visits]\nkey = ["visit"]\n[tables.results]\nkey = ["result"]\n',
  'patient.sql': `-- @target Patient @key p.pid @patient p.pid
SELECT identifier('urn:example:clinic:pid', p.pid) AS identifier,
       name(p.surname, p.forename)                 AS name,
       code('sex', p.sex)                          AS gender,
       date(p.born)                                AS "birthDate"
FROM people p
`,
  'encounter.sql': `-- @target Encounter @key v.visit @patient v.pid @required subject
SELECT CASE WHEN v.left IS NULL THEN 'in-progress' ELSE 'finished' END AS status,
       code('http://terminology.hl7.org/CodeSystem/v3-ActCode', 'AMB')  AS class,
       ref('Patient', v.pid)                                           AS subject,
       period(v.arrived, v.left)                                       AS period
FROM visits v
`,
  'observation.sql': `-- @target Observation @key r.result @each results r @patient v.pid @required encounter
SELECT 'final'                                                                          AS status,
       code('http://terminology.hl7.org/CodeSystem/observation-category', 'laboratory') AS category,
       code('test', r.test)                                                             AS code,
       ref('Patient', v.pid)                                                            AS subject,
       ref('Encounter', r.visit)                                                        AS encounter,
       instant(r.at)                                                                    AS "effective.dateTime",
       coalesce(quantity(r.value, unit('lab', r.unit)), text(r.value))                  AS value
FROM results r
LEFT JOIN visits v ON v.visit = r.visit
`,
  'codes/sex.csv': 'source,system,code\nF,http://hl7.org/fhir/administrative-gender,female\nM,http://hl7.org/fhir/administrative-gender,male\n',
  'codes/test.csv': 'source,system,code\nHB,http://loinc.org,718-7\nCRP,http://loinc.org,1988-5\n',
  'units/lab.csv': 'source,ucum,display\ng/dl,g/dL,g/dL\nmg/l,mg/L,mg/L\n',
};
