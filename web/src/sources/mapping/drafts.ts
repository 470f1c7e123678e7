import { useSyncExternalStore } from 'react';
import { whenLeft } from '../../live/session';
import type { MappingFile, MappingFiles } from '../../api/types';

/** What is being written of a mapping, and what it began from. It stays while one looks at other pages. */
export interface Draft {
  /** The mapping that was opened. */
  from: MappingFiles;
  files: MappingFile[];
  changed: boolean;
}

const drafts = new Map<string, Draft>();
const listeners = new Set<() => void>();

function tell(): void {
  for (const one of listeners) one();
}

export function setDraft(source: string, draft: Draft | undefined): void {
  if (draft) drafts.set(source, draft);
  else drafts.delete(source);
  tell();
}

export const draftOf = (source: string): Draft | undefined => drafts.get(source);

/** The same files with one of them written anew. */
export const withFile = (files: MappingFile[], path: string, text: string): MappingFile[] => files.map((file) => (file.path === path ? { path, text } : file));

whenLeft(() => {
  drafts.clear();
  tell();
});

// What was not saved is asked about before the tab closes.
globalThis.addEventListener('beforeunload', (event) => {
  if ([...drafts.values()].some((draft) => draft.changed)) event.preventDefault();
});

function subscribe(one: () => void): () => void {
  listeners.add(one);
  return () => listeners.delete(one);
}

export const useDraft = (source: string): Draft | undefined => useSyncExternalStore(subscribe, () => drafts.get(source));
