import { useId } from 'react';
import { useT } from '../i18n';
import type { PartProps } from './AdminPage';
import { DEEDS } from './deeds';
import { deedText } from './deedText';
import { Typed } from '../parts/Typed';

interface Props extends PartProps {
  /** Whether the deeds of the accounts' trail can be chosen from. */
  deeds?: boolean;
  /** Other kinds of rows, as they are. */
  kinds?: string[];
  /** Whether the rows of one patient can be asked for. */
  patient?: boolean;
}

const ENDS = ['done', 'not'] as const;

/** Who, what and when; all of it is in the address. */
export function TrailFilter({ search, set, deeds = false, kinds = [], patient = false }: Props) {
  const t = useT();
  const ids = { q: useId(), what: useId(), ended: useId(), since: useId(), until: useId(), patient: useId() };
  const chosen = search.what ?? '';
  const whats = deeds ? [...DEEDS] : kinds;
  const asks = Boolean(search.q ?? search.what ?? search.ended ?? search.since ?? search.until ?? search.about ?? search.patient);
  return (
    <div className="trail-filter" role="search" aria-label={t('audit.filter')}>
      <div className="field">
        <label htmlFor={ids.q}>{t('audit.q')}</label>
        <Typed id={ids.q} value={search.q ?? ''} onChange={(q) => set({ q: q || undefined })} />
      </div>
      {patient && (
        <div className="field">
          <label htmlFor={ids.patient}>{t('audit.patient')}</label>
          <Typed id={ids.patient} value={search.patient ?? ''} onChange={(id) => set({ patient: id || undefined })} />
        </div>
      )}
      <div className="field">
        <label htmlFor={ids.what}>{t('audit.what')}</label>
        <select id={ids.what} className="input" value={chosen} onChange={(event) => set({ what: event.target.value || undefined })}>
          <option value="">{t('audit.any')}</option>
          {chosen !== '' && !whats.some((one) => one === chosen) && <option value={chosen}>{chosen}</option>}
          {whats.map((one) => (
            <option key={one} value={one}>
              {deeds ? deedText(t, one) : one}
            </option>
          ))}
        </select>
      </div>
      <div className="field">
        <label htmlFor={ids.ended}>{t('audit.ended')}</label>
        <select id={ids.ended} className="input" value={search.ended ?? ''} onChange={(event) => set({ ended: ENDS.find((one) => one === event.target.value) })}>
          <option value="">{t('audit.any')}</option>
          {ENDS.map((one) => (
            <option key={one} value={one}>
              {t(`audit.ended.${one}`)}
            </option>
          ))}
        </select>
      </div>
      <div className="field">
        <label htmlFor={ids.since}>{t('audit.since')}</label>
        <input id={ids.since} type="date" value={search.since ?? ''} onChange={(event) => set({ since: event.target.value || undefined })} />
      </div>
      <div className="field">
        <label htmlFor={ids.until}>{t('audit.until')}</label>
        <input id={ids.until} type="date" value={search.until ?? ''} onChange={(event) => set({ until: event.target.value || undefined })} />
      </div>
      {search.about && (
        <p className="trail-about">
          {t('audit.about')} <code>{search.about}</code>
        </p>
      )}
      {asks && (
        <p className="trail-about">
          <button
            type="button"
            className="button"
            onClick={() => {
              set({ q: undefined, what: undefined, ended: undefined, since: undefined, until: undefined, about: undefined, patient: undefined });
              // The button goes with what it clears.
              document.getElementById(ids.q)?.focus();
            }}
          >
            {t('audit.clear')}
          </button>
        </p>
      )}
    </div>
  );
}
