import { useQuery } from '@tanstack/react-query';
import { json } from '../api/client';
import type { SqlTable, SqlTables } from '../api/types';

/** The tables that the server has, with what each column holds. They change only with the program. */
export function useTables(): SqlTable[] | undefined {
  const { data } = useQuery({
    queryKey: ['sql-tables'],
    queryFn: ({ signal }) => json<SqlTables>('/api/sql/tables', { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return data?.tables;
}

/** Tables whose names stand in a statement: the columns that may be meant without saying whose. */
export function tablesIn(statement: string, tables: SqlTable[]): SqlTable[] {
  const words = new Set(statement.toLowerCase().match(/[a-z_][a-z0-9_]*/g));
  return tables.filter((table) => words.has(table.name));
}

/** Tables and columns that a filter's text names, in name or help; all columns of a table that it names itself. */
export function filtered(tables: SqlTable[], filter: string): SqlTable[] {
  const wanted = filter.trim().toLowerCase();
  if (!wanted) return tables;
  const names = (one: { name: string; comment: string }) => one.name.toLowerCase().includes(wanted) || one.comment.toLowerCase().includes(wanted);
  return tables.flatMap((table) => {
    if (names(table)) return [table];
    const columns = table.columns.filter(names);
    return columns.length > 0 ? [{ ...table, columns }] : [];
  });
}

/** Questions to begin with; the page's tests ask each of a real server. */
export const EXAMPLES = [
  {
    word: 'sql.example.latest',
    sql: `-- The newest HbA1c of each patient
SELECT patient_id, effective, value, value_unit
FROM (SELECT *, row_number() OVER (PARTITION BY patient_id ORDER BY effective DESC) AS n
      FROM observation
      WHERE code = '4548-4' AND component IS NULL) AS newest
WHERE n = 1
ORDER BY value DESC`,
  },
  {
    word: 'sql.example.readmitted',
    sql: `-- Back in hospital within 30 days
SELECT first.patient_id, first.end_at AS left_at, again.start_at AS back_at
FROM encounter AS first
JOIN encounter AS again ON again.patient_id = first.patient_id
WHERE first.class_code = 'IMP' AND again.class_code = 'IMP'
  AND again.start_at > first.end_at
  AND again.start_at <= first.end_at + INTERVAL '30 days'
ORDER BY back_at DESC`,
  },
  {
    word: 'sql.example.problems',
    sql: `-- The most frequent active problems
SELECT code_display, count(DISTINCT patient_id) AS people
FROM condition
WHERE clinical_status_code = 'active'
GROUP BY code_display
ORDER BY people DESC
LIMIT 20`,
  },
  {
    word: 'sql.example.allergies',
    sql: `-- Who is allergic to what
SELECT patient_id, code_display, criticality, manifestation_display
FROM allergy
ORDER BY criticality, code_display`,
  },
  {
    word: 'sql.example.arrivals',
    sql: `-- What came in last
SELECT no, received, door, source, name, length
FROM arrival
ORDER BY no DESC
LIMIT 50`,
  },
] as const;
