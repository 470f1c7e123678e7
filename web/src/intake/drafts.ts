import { whenLeft } from '../live/session';
import type { Copy } from './copy';

/** A copy of a letter that is being edited. It stays while other letters and pages are looked at. */
export interface Draft {
  /** What it began as. */
  copy: Copy;
  text: string;
}

const drafts = new Map<number, Draft>();

// What somebody wrote is of their session.
whenLeft(() => drafts.clear());

export const draftOf = (no: number): Draft | undefined => drafts.get(no);
export const keepDraft = (no: number, draft: Draft): void => void drafts.set(no, draft);
export const dropDraft = (no: number): void => void drafts.delete(no);
