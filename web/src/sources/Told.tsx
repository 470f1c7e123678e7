import type { Doubt } from '../api/types';
import { useT } from '../i18n';
import { problemText } from './said';

/** Why something failed: in words where it has a code, else as the server says it, in English. */
export function Told({ said, text }: { said: Doubt | null | undefined; text: string | null | undefined }) {
  const t = useT();
  return said ? <>{problemText(t, said)}</> : <span lang="en">{text}</span>;
}
