import type { Session } from '../api/types';

/** Whether a session may change records of every type, as the correction, replay, discarding and taking back of what came need. */
export function mayChange(session: Pick<Session, 'scopes'> | undefined): boolean {
  // A scope of patients is limited to some of them, and one with a filter to some records.
  return (session?.scopes ?? '').split(' ').some((scope) => /^(?:user|system)\/\*\.[crds]*u[crds]*$/.test(scope));
}
