import { useT } from '../../i18n';
import type { MappingFile, MappingProblem as Problem } from '../../api/types';

interface Props {
  files: MappingFile[];
  problems: Problem[];
  open: string;
  onOpen: (path: string) => void;
}

const FOLDERS = ['', 'views', 'codes', 'units'] as const;

/** The files of a mapping, by what they are. */
export function FileList({ files, problems, open, onOpen }: Props) {
  const t = useT();
  const folderOf = (path: string) => path.split('/').slice(0, -1).join('/');
  const groups = FOLDERS.map((folder) => ({ folder, files: files.filter((file) => folderOf(file.path) === folder).toSorted((a, b) => Number(b.path.endsWith('.toml')) - Number(a.path.endsWith('.toml'))) })).filter((group) => group.files.length > 0);
  return (
    <nav className="mapping-files" aria-label={t('mapping.files')}>
      {groups.map((group) => (
        <section key={group.folder} aria-label={t(`mapping.folder.${group.folder || 'targets'}`)}>
          <h3>{t(`mapping.folder.${group.folder || 'targets'}`)}</h3>
          <ul>
            {group.files.map((file) => {
              const count = problems.filter((problem) => problem.file === file.path).length;
              return (
                <li key={file.path}>
                  <button type="button" className="mapping-file" data-item aria-pressed={file.path === open} onClick={() => onOpen(file.path)}>
                    <code>{file.path.split('/').at(-1)}</code>
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
