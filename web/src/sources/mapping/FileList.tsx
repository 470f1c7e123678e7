import { useT } from '../../i18n';
import type { MappingFile, MappingProblem as Problem } from '../../api/types';

interface Props {
  files: MappingFile[];
  problems: Problem[];
  open: string;
  onOpen: (path: string) => void;
}

const GROUPS = ['targets', 'views', 'codes', 'units', 'others'] as const;
type Group = (typeof GROUPS)[number];

/** What a file is by its place: the settings, the page about it and the tests of a mapping make nothing by themselves. */
function groupOf(path: string): Group {
  const folder = path.split('/').slice(0, -1).join('/');
  if (folder === '') return path.endsWith('.sql') ? 'targets' : 'others';
  return GROUPS.find((group) => group === folder) ?? 'others';
}

/** The files of a mapping, by what they are. */
export function FileList({ files, problems, open, onOpen }: Props) {
  const t = useT();
  const groups = GROUPS.map((group) => ({ group, files: files.filter((file) => groupOf(file.path) === group) })).filter((one) => one.files.length > 0);
  const countOf = (path: string) => problems.filter((problem) => problem.file === path).length;
  /** Of the folders that are groups of their own the name alone. */
  const nameOf = (group: Group, path: string) => (group === 'others' ? path : path.split('/').at(-1));
  // Thirty files would fill a phone twice before the one that is open.
  const narrow = (
    <select className="input mapping-choose" aria-label={t('mapping.files')} value={open} onChange={(event) => onOpen(event.target.value)}>
      {groups.map(({ group, files: of }) => (
        <optgroup key={group} label={t(`mapping.folder.${group}`)}>
          {of.map(({ path }) => (
            <option key={path} value={path}>
              {nameOf(group, path)}
              {countOf(path) > 0 && ` · ${t('mapping.problemCount', { count: countOf(path) })}`}
            </option>
          ))}
        </optgroup>
      ))}
    </select>
  );
  return (
    <nav className="mapping-files" aria-label={t('mapping.files')}>
      {narrow}
      {groups.map(({ group, files: of }) => (
        <section key={group} aria-label={t(`mapping.folder.${group}`)}>
          <h3>{t(`mapping.folder.${group}`)}</h3>
          <ul>
            {of.map((file) => {
              const count = countOf(file.path);
              return (
                <li key={file.path}>
                  <button type="button" className="mapping-file" data-item aria-pressed={file.path === open} onClick={() => onOpen(file.path)}>
                    <code>{nameOf(group, file.path)}</code>
                    {count > 0 && (
                      <span className="state" data-kind="danger" aria-label={t('mapping.problemCount', { count })}>
                        {count}
                      </span>
                    )}
                  </button>
                </li>
              );
            })}
          </ul>
        </section>
      ))}
    </nav>
  );
}
