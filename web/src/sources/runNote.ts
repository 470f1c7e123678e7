import type { Doubt } from '../api/types';
import { isKnown, say, type Translate } from '../i18n';
import { reasonText } from './said';

/** What is to be known of a run, in words; what a note says of a reason too. */
export function runNoteText(t: Translate, note: Doubt): string {
  const values = { ...(note.values as Record<string, unknown>) };
  if (typeof values['reason'] === 'string') values['reason'] = reasonText(t, values['reason']);
  return say(t, isKnown(`runNote.${note.code}`) ? `runNote.${note.code}` : `warning.${note.code}`, { ...note, values });
}
