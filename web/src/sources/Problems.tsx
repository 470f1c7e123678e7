import type { ApiError } from '../api/client';
import { useT } from '../i18n';

/** Something wrong with a mapping, and where. */
export interface Problem {
  file: string;
  line: number;
  column: number;
  message: string;
  hint: string | null;
}

/** What is wrong with the mapping, if that is what an error says. */
export function problemsOf(error: ApiError): Problem[] | undefined {
  const problems = error.details['problems'];
  return Array.isArray(problems) ? (problems as Problem[]) : undefined;
}

export function Problems({ problems }: { problems: Problem[] }) {
  const t = useT();
  return (
    <div className="notice" data-kind="danger">
      <p>{t('run.problems', { count: problems.length })}</p>
      <ul className="problems" lang="en">
        {problems.map((problem) => (
          <li key={`${problem.file}:${problem.line}:${problem.column}:${problem.message}`}>
            <code>
              {problem.file}:{problem.line}:{problem.column}
            </code>{' '}
            {problem.message}
            {problem.hint && <span className="muted"> {problem.hint}</span>}
          </li>
        ))}
      </ul>
    </div>
  );
}
