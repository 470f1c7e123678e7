import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useId, useState } from 'react';
import { ApiError, json } from '../../api/client';
import type { MappingFile, MappingFiles, SavedMapping, TableSource } from '../../api/types';
import { useT } from '../../i18n';
import { acting, takesFocus } from '../../parts/acting';
import { Failure } from '../../parts/Failure';
import { setDraft } from './drafts';

interface Props {
  source: TableSource;
  from: MappingFiles;
  files: MappingFile[];
  changed: boolean;
  /** Nothing while nobody knows yet. */
  problems: number | undefined;
  ms: number | undefined;
  saving: boolean;
  error: unknown;
  onSave: () => void;
}

/** Which mapping is open, whether it is right, and how it is kept and used. */
export function SaveBar({ source, from, files, changed, problems, ms, saving, error, onSave }: Props) {
  const t = useT();
  const conflict = error instanceof ApiError && error.status === 409;
  return (
    <div className="mapping-bar">
      <b>
        <code>{from.mapping}</code>
      </b>
      <span className="muted">
        {from.kind === 'own' ? t('mapping.kind.own', { version: from.version ?? 0 }) : from.kind === 'shipped' ? t('mapping.kind.shipped') : t('mapping.kind.folder')}
      </span>
      <span role="status" className={problems ? 'danger' : 'muted'}>
        {problems === undefined ? t('mapping.checking') : problems > 0 ? t('mapping.problemCount', { count: problems }) : t('mapping.right', { ms: Math.round(ms ?? 0) })}
      </span>
      <span className="spacer" />
      {from.kind === 'own' ? (
        <>
          <span className="muted">{changed ? t('mapping.unsaved') : t('mapping.saved')}</span>
          <button type="button" className="button" disabled={!changed && !saving} {...acting(saving, onSave)}>
            {t('mapping.save')}
          </button>
          <Use source={source} mapping={from.mapping} disabled={changed || problems !== 0} />
        </>
      ) : (
        <CopyForm source={source} from={from} files={files} />
      )}
      {conflict && (
        <p className="notice" data-kind="danger">
          {t('mapping.conflict')}
        </p>
      )}
      {Boolean(error) && !conflict && <Failure error={error} />}
    </div>
  );
}

/** Leads on to the runs, or makes this the source's mapping first. */
function Use({ source, mapping, disabled }: { source: TableSource; mapping: string; disabled: boolean }) {
  const t = useT();
  const queries = useQueryClient();
  const use = useMutation({
    mutationFn: () => json(`/api/sources/${encodeURIComponent(source.name)}`, { method: 'PATCH', body: { mapping } }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['sources'] }),
  });
  if (source.mapping === mapping) {
    return (
      <Link to="/sources/$name/{-$tab}" params={{ name: source.name, tab: 'runs' }} className="button" data-primary disabled={disabled}>
        {t('mapping.toRun')}
      </Link>
    );
  }
  return (
    <>
      <button type="button" className="button" data-primary disabled={disabled || use.isPending} onClick={() => use.mutate()}>
        {t('mapping.use', { source: source.name })}
      </button>
      {use.error && <Failure error={use.error} />}
    </>
  );
}

/** A mapping that comes with the program is not written on: a copy of one's own is. */
function CopyForm({ source, from, files }: { source: TableSource; from: MappingFiles; files: MappingFile[] }) {
  const t = useT();
  const box = useId();
  const [name, setName] = useState(`${source.name}-own`);
  const [open, setOpen] = useState(false);
  const copy = useMutation({
    mutationFn: () => json<SavedMapping>(`/api/mappings/own/${encodeURIComponent(name)}`, { method: 'PUT', body: { files, base: null } }),
    onSuccess: ({ version, hash }) => setDraft(source.name, { from: { mapping: name, kind: 'own', version, hash, files }, files, changed: false }),
  });
  if (!open) {
    return (
      <button type="button" className="button" data-primary onClick={() => setOpen(true)}>
        {t('mapping.copy')}
      </button>
    );
  }
  return (
    <form
      className="mapping-copy"
      onSubmit={(event) => {
        event.preventDefault();
        copy.mutate();
      }}
    >
      <label htmlFor={box}>{t('mapping.copyName', { name: from.mapping })}</label>
      <input ref={takesFocus} id={box} className="input" value={name} autoComplete="off" spellCheck={false} required pattern="[a-z][a-z0-9.\-]*" onChange={(event) => setName(event.target.value)} />
      <button type="submit" className="button" data-primary disabled={copy.isPending}>
        {t('mapping.copyNow')}
      </button>
      {copy.error && <Failure error={copy.error} />}
    </form>
  );
}
