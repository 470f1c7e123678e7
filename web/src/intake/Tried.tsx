import type { CorrectedLetter } from '../api/types';
import { useT } from '../i18n';

/** What came of trying a copy. */
export interface Trial {
  refused: CorrectedLetter['refused'];
  /** How many resources of which type it would make or change; nothing where that is not known. */
  types: Record<string, number>;
  /** What would be left out, or read in a way that the sender may not have meant. */
  remarks: { place: string; message: string }[];
}

const REMARKS = 5;

/** Whether a copy would be taken, and what it would become. */
export function Tried({ trial: { refused, types, remarks } }: { trial: Trial }) {
  const t = useT();
  if (refused) {
    return (
      <p className="notice" data-kind="danger">
        <b>▲ {t('letter.stillRefused')}</b> <code>{refused.place}</code> <span lang="en">{refused.what}</span>
      </p>
    );
  }
  const all = Object.entries(types);
  return (
    <div className="notice intake-lines" data-kind="ok">
      <p>
        <b>✓ {t('letter.wouldBeTaken')}</b> {all.length > 0 && `${t('letter.wouldBe')} ${all.map(([type, n]) => `${type} ${n}`).join(', ')}`}
      </p>
      {remarks.length > 0 && (
        <ul className="intake-plain">
          {remarks.slice(0, REMARKS).map(({ place, message }) => (
            <li key={`${place} ${message}`}>
              <code>{place}</code> <span lang="en">{message}</span>
            </li>
          ))}
          {remarks.length > REMARKS && <li className="muted">{t('back.others', { count: remarks.length - REMARKS })}</li>}
        </ul>
      )}
    </div>
  );
}
