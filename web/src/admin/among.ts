import type { Account } from '../api/types';

interface Wanted {
  q?: string | undefined;
  state?: 'open' | 'disabled' | undefined;
}

/** Accounts by part of their name or of their person's, in any case, and by whether they can be signed in to. */
export function among(accounts: Account[], { q, state }: Wanted): Account[] {
  const text = q?.trim().normalize('NFKC').toLowerCase() ?? '';
  return accounts.filter(
    ({ name, display, disabled }) =>
      (state === undefined || (state === 'disabled') === (disabled !== null)) && (text === '' || name.includes(text) || display.normalize('NFKC').toLowerCase().includes(text)),
  );
}
