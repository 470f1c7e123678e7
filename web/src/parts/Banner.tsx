import type { Allergy, Chart, Encounter } from '../api/types';
import { useLanguage, useT } from '../i18n';
import { AgeText } from './AgeText';
import { mainIdentifier } from './identifier';
import { PersonName } from './PersonName';
import { sexText } from './sex';
import { When } from './When';
import './banner.css';

interface Props {
  patient: Chart['patient'];
  allergies: Allergy[];
  allergiesKnown: boolean;
  encounters: Encounter[];
}

/** Who this page is about: always on top, in the order name, born, sex, identifier, place, allergies. */
export function Banner({ patient, allergies, allergiesKnown, encounters }: Props) {
  const t = useT();
  const zh = useLanguage() === 'zh-Hans';
  const id = mainIdentifier(patient.identifiers);
  const stay = patient.died ? undefined : encounters.find((encounter) => encounter.status === 'in-progress' && encounter.place);
  return (
    <section className="banner" data-died={patient.died ? '' : undefined} aria-label={t('banner.label')}>
      <div className="banner-name">
        <PersonName name={patient.name} />
      </div>
      <dl>
        <div>
          <dt>{t('banner.born')}</dt>
          <dd>
            {patient.born ? <When at={patient.born} extent={patient.born.includes('T') ? 'full' : 'day'} /> : t('value.notKnown')}
            {patient.born && (
              <span className="banner-age">
                {zh ? ' ' : ' ('}
                <AgeText born={patient.born} died={patient.died} />
                {zh ? '' : ')'}
              </span>
            )}
          </dd>
        </div>
        {patient.died && (
          <div>
            <dt>{t('banner.died')}</dt>
            <dd>{patient.died === 'true' ? t('banner.dateNotKnown') : <When at={patient.died} extent="day" />}</dd>
          </div>
        )}
        <div>
          <dt>{t('banner.sex')}</dt>
          <dd>{sexText(t, patient.sex)}</dd>
        </div>
        <div>
          <dt>{id?.label ?? t('banner.identifier')}</dt>
          <dd className="banner-id">{id?.value ?? t('value.notKnown')}</dd>
        </div>
        {stay && (
          <div>
            <dt>{t('banner.place')}</dt>
            <dd>{stay.place}</dd>
          </div>
        )}
      </dl>
      <AllergyLine allergies={allergies} known={allergiesKnown} />
      {patient.merged_into && <p className="banner-note">{t('banner.mergedInto', { id: patient.merged_into })}</p>}
      {patient.merged_from.length > 0 && <p className="banner-note">{t('banner.mergedFrom', { ids: patient.merged_from.join(', ') })}</p>}
    </section>
  );
}

/** "None recorded" and "no known allergies" are different facts. */
function AllergyLine({ allergies, known }: { allergies: Allergy[]; known: boolean }) {
  const t = useT();
  if (!known) return <p className="banner-allergies muted">{t('banner.allergiesWithheld')}</p>;
  const standing = allergies.filter((a) => a.verification !== 'entered-in-error' && a.verification !== 'refuted' && a.clinical !== 'inactive' && a.clinical !== 'resolved');
  const real = standing.filter((a) => !a.none_known);
  if (real.length === 0) {
    return <p className="banner-allergies">{t(standing.length > 0 ? 'banner.noKnownAllergies' : 'banner.noAllergiesRecorded')}</p>;
  }
  const texts = real.map((a) => (a.reactions.length > 0 ? `${a.code.text} (${a.reactions.join(', ')})` : a.code.text));
  return (
    <p className="banner-allergies danger">
      <span aria-hidden>⚠ </span>
      <b>{t('banner.allergies')}</b> {[...new Set(texts)].join(' · ')}
    </p>
  );
}
