import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { json, send } from '../../api/client';
import type { CheckedMapping, MappingFile, MappingFiles, MappingPreview, MappingProblem as Problem, SavedMapping, TableSource } from '../../api/types';
import { useT } from '../../i18n';
import { Failure, StaleBar } from '../../parts/Failure';
import { Waiting } from '../../parts/Waiting';
import type { SourceSearch } from '../../router';
import { useKeys, type Binding } from '../../shell/keys';
import type { SetSearch } from '../SourcePage';
import { draftOf, setDraft, useDraft, withFile } from './drafts';
import { FileEditor, type FileEditorHandle } from './FileEditor';
import { FileList } from './FileList';
import { parseDigits } from './jsonLines';
import { Preview } from './Preview';
import { SaveBar } from './SaveBar';
import './mapping.css';

/** How long nothing is typed before the mapping is checked, and before rows are mapped. */
const CHECK_MS = 400;
const PREVIEW_MS = 900;
/** Rows that are mapped for a look. */
const SAMPLE_ROWS = 20;

/** A value that has stood still for a while. */
function useSettled<T>(value: T, wait_ms: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), wait_ms);
    return () => clearTimeout(timer);
  }, [value, wait_ms]);
  return settled;
}

interface Props {
  source: TableSource;
  search: SourceSearch;
  set: SetSearch;
}

/** The mapping of a source: opened, written on, checked and looked through while one types. */
export function MappingTab({ source, search, set }: Props) {
  const opened = useQuery({
    queryKey: ['mapping', source.name, source.mapping],
    queryFn: ({ signal }) => json<MappingFiles>(`/api/mappings/files?${new URLSearchParams({ source: source.name })}`, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const draft = useDraft(source.name);
  const { data } = opened;
  useEffect(() => {
    if (data && !draftOf(source.name)) setDraft(source.name, { from: data, files: data.files, changed: false });
  }, [data, source.name]);
  if (!draft) return opened.error ? <Failure error={opened.error} onRetry={() => void opened.refetch()} /> : <Waiting lines={12} />;
  return (
    <>
      <StaleBar error={opened.error} onRetry={() => void opened.refetch()} />
      <Workplace key={`${draft.from.kind} ${draft.from.mapping}`} source={source} files={draft.files} from={draft.from} changed={draft.changed} search={search} set={set} />
    </>
  );
}

interface WorkplaceProps extends Props {
  files: MappingFile[];
  from: MappingFiles;
  changed: boolean;
}

/** The first file that makes something: what one most likely wants to see. */
const firstOf = (files: MappingFile[]): string => (files.find((file) => /^[^/]+\.sql$/.test(file.path)) ?? files[0])?.path ?? '';

/** The target that a file makes or is a part of. */
function targetOf(file: MappingFile | undefined): string | undefined {
  const match = /@target\s+(\S+)(?:\s+as\s+(\S+))?/i.exec(file?.text ?? '');
  return match?.[2] ?? match?.[1];
}

function Workplace({ source, files, from, changed, search, set }: WorkplaceProps) {
  const t = useT();
  const queries = useQueryClient();
  const editor = useRef<FileEditorHandle>(null);
  const going = useRef<{ file: string; line: number; column: number }>(undefined);
  const path = files.some((file) => file.path === search.file) ? (search.file ?? '') : firstOf(files);
  const file = files.find((one) => one.path === path);
  const target = targetOf(file);
  const writable = from.kind === 'own';
  const [line, setLine] = useState(0);
  const [pointed, setPointed] = useState<{ file: string; line: number }>();

  const checked = useSettled(files, CHECK_MS);
  const check = useQuery({
    queryKey: ['mapping-check', source.name, checked],
    queryFn: ({ signal }) => json<CheckedMapping>('/api/mappings/check', { method: 'POST', body: { files: checked, source: source.name }, signal }),
    placeholderData: (before) => before,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  const settled = useSettled(files, PREVIEW_MS);
  const preview = useQuery({
    queryKey: ['mapping-preview', source.name, target, settled],
    queryFn: async ({ signal }) => {
      const answer = await send('/api/mappings/preview', { method: 'POST', body: { files: settled, source: source.name, target, rows: SAMPLE_ROWS }, signal });
      const text = await answer.text();
      const answered = JSON.parse(text) as MappingPreview;
      // The numbers of resources keep their digits.
      const exact = parseDigits(text) as MappingPreview;
      return { ...answered, samples: answered.samples.map((sample, n) => ({ ...sample, resource: exact.samples[n]?.resource ?? null })) };
    },
    enabled: target !== undefined && Boolean(source.last),
    // What was there stays until something newer is, while one writes on at the same target.
    placeholderData: (before) => (before?.target === target ? before : undefined),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  const save = useMutation({
    mutationFn: () => json<SavedMapping>(`/api/mappings/own/${encodeURIComponent(from.mapping)}`, { method: 'PUT', body: { files, base: from.version } }),
    onSuccess: ({ version, hash }) => {
      // What was written on while it was saved is not saved yet.
      const now = draftOf(source.name);
      setDraft(source.name, { from: { ...from, version, hash, files }, files: now?.files ?? files, changed: now?.files !== files });
      void queries.invalidateQueries({ queryKey: ['mapping', source.name] });
    },
  });

  const open = useCallback((to: string, at?: { line: number; column: number }) => {
    if (to === path && at) editor.current?.go(at.line, at.column);
    else {
      going.current = at && { file: to, ...at };
      set({ file: to });
    }
  }, [path, set]);
  useEffect(() => {
    const at = going.current;
    if (at?.file !== path) return;
    going.current = undefined;
    editor.current?.go(at.line, at.column);
  }, [path]);
  const keys = useMemo<Binding[]>(() => [{ does: 'sql.toEditor', run: () => editor.current?.go(1, 1) }], []);
  useKeys(keys);

  const problems = useMemo(() => check.data?.problems ?? [], [check.data]);
  const ofFile = useMemo(() => problems.filter((problem) => problem.file === path), [problems, path]);
  return (
    <div className="mapping">
      <SaveBar
        source={source}
        from={from}
        files={files}
        changed={changed}
        problems={check.data ? problems.length : undefined}
        ms={check.data?.ms}
        saving={save.isPending}
        error={save.error}
        onSave={() => save.mutate()}
      />
      <FileList files={files} problems={problems} open={path} onOpen={open} />
      <div className="mapping-main">
        <FileEditor
          key={`${from.hash} ${path}`}
          ref={editor}
          label={t('mapping.editor', { file: path })}
          path={path}
          text={file?.text ?? ''}
          readOnly={!writable}
          problems={ofFile}
          marked={pointed !== undefined && pointed.file === path ? pointed.line : undefined}
          context={() => ({ files, source: source.name })}
          onChange={(text) => {
            const now = draftOf(source.name);
            if (now) setDraft(source.name, { ...now, files: withFile(now.files, path, text), changed: true });
          }}
          onLine={setLine}
          onSave={() => writable && changed && save.mutate()}
        />
        <ProblemList problems={problems} open={path} onGo={open} error={check.error} />
        {target === undefined ? (
          <p className="muted page-note">{t('mapping.noTarget')}</p>
        ) : !source.last ? (
          <p className="notice">
            {t('mapping.noRows')}{' '}
            <Link to="/sources/$name/{-$tab}" params={{ name: source.name }}>
              {t('source.deliveries')}
            </Link>
          </p>
        ) : (
          <Preview answer={preview.data} error={preview.error} old={preview.isPlaceholderData || settled !== files} line={{ file: path, line }} onPoint={setPointed} set={set} />
        )}
      </div>
    </div>
  );
}

interface ProblemListProps {
  problems: Problem[];
  open: string;
  onGo: (file: string, at: { line: number; column: number }) => void;
  error: unknown;
}

/** What is wrong, under the editor; each leads to its place. */
function ProblemList({ problems, open, onGo, error }: ProblemListProps) {
  const t = useT();
  if (error) return <Failure error={error} />;
  if (problems.length === 0) return null;
  return (
    <section aria-label={t('mapping.problems')} className="mapping-problems">
      <ul>
        {problems.map((problem) => (
          <li key={`${problem.file}:${problem.line}:${problem.column}:${problem.message}`}>
            <button type="button" className="mapping-problem" onClick={() => onGo(problem.file, { line: problem.line, column: problem.column })}>
              <code className={problem.file === open ? undefined : 'muted'}>
                {problem.file}:{problem.line}:{problem.column}
              </code>{' '}
              <span lang="en">
                {problem.message} {problem.hint && <span className="muted">{problem.hint}</span>}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
