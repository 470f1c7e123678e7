import { ApiError } from '../api/client';
import { note } from './connection';

/** Something small that every server has. */
const SMALL = '/icon.svg';

/**
 * Asks whether the server is there. Browsers keep for as long as a page is open that a module could not be fetched: what is not asked for while
 * the server is away can be asked for when it is back.
 */
export async function reach(): Promise<void> {
  try {
    await fetch(SMALL, { cache: 'no-store', credentials: 'omit' });
  } catch {
    note(false);
    throw new ApiError(0, '');
  }
  note(true);
}
