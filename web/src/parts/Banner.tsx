import { Link } from '@tanstack/react-router';
import type { Chart } from '../api/types';
import { allergiesOf } from '../chart/standing';
import { useLanguage, useT } from '../i18n';
import { AgeText } from './AgeText';
import { identifierLabel, mainIdentifier } from './identifier';
import { PersonName } from './PersonName';
import { sexText } from './sex';
import { When } from './When';
import './banner.css';

/** An encounter that somebody is in. */
const PRESENT = new Set(['in-progress', 'arrived', 'triaged', 'onleave']);

/** Who this page is about: always on top, in the order name, born, sex, identifier, place, allergies. */
export function Banner({ chart }: { chart: Chart }) {
  const t = useT();
  const zh = useLanguage() === 'zh-Hans';
  const { patient, encounters } = chart;
  const id = mainIdentifier(patient.identifiers);
  const stay = patient.died ? undefined : encounters.find((encounter) => PRESENT.has(encounter.status ?? '') && encounter.place);
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
          <dt>{id?.label ? identifierLabel(t, id.label) : t('banner.identifier')}</dt>
          <dd className="banner-id">{id?.value ?? t('value.notKnown')}</dd>
        </div>
        {stay && (
          <div>
            <dt>{t('banner.place')}</dt>
            <dd>{stay.place}</dd>
          </div>
        )}
      </dl>
      <AllergyLine chart={chart} />
      {patient.merged_into && (
        <p className="banner-note">
          {t('banner.mergedInto', { id: patient.merged_into })}{' '}
          <Link to="/p/$id/{-$tab}" params={{ id: patient.merged_into }}>
            {t('banner.openMerged')}
          </Link>
        </p>
      )}
      <Alike pairs={patient.same_as} word="banner.sameAs" />
      <Alike pairs={patient.may_be} word="banner.mayBe" />
      {patient.merged_from.length > 0 && <p className="banner-note">{t('banner.mergedFrom', { ids: patient.merged_from.join(', ') })}</p>}
    </section>
  );
}

/** The records that are of the same person, or may be, with the way to lay them side by side. */
function Alike({ pairs = [], word }: { pairs: Chart['patient']['may_be']; word: 'banner.sameAs' | 'banner.mayBe' }) {
  const t = useT();
  if (pairs.length === 0) return null;
  return (
    <p className="banner-note">
      {t(word, { ids: pairs.map(({ patient }) => patient).join(', ') })}{' '}
      {pairs.map(({ pair, patient }) => (
        <Link key={pair} to="/intake/{-$part}" params={{ part: 'same' }} search={{ link: pair }}>
          {t('banner.compare')} <code>{patient}</code>
        </Link>
      ))}
    </p>
  );
}

const NONE = {
  withheld: 'banner.allergiesWithheld',
  'none-recorded': 'banner.noAllergiesRecorded',
  'none-active': 'banner.noActiveAllergies',
  'none-known': 'banner.noKnownAllergies',
} as const;

function AllergyLine({ chart }: { chart: Chart }) {
  const t = useT();
  const allergies = allergiesOf(chart);
  if (typeof allergies === 'string') return <p className={allergies === 'none-known' ? 'banner-allergies' : 'banner-allergies muted'}>{t(NONE[allergies])}</p>;
  const texts = allergies.map((a) => (a.reactions.length > 0 ? `${a.code.text} (${a.reactions.join(', ')})` : a.code.text));
  return (
    <p className="banner-allergies danger">
      <span aria-hidden>⚠ </span>
      <b>{t('banner.allergies')}</b> {[...new Set(texts)].join(' · ')}
    </p>
  );
}
