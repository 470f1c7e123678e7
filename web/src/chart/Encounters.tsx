import type { Chart, Encounter } from '../api/types';
import { choice, useT, type Translate } from '../i18n';
import { useZone } from '../live/session';
import { Between } from '../parts/When';
import type { OpenWhere } from './ChartPage';
import { Item, Section, WrongMark } from './Item';
import { nightsOf, yearOf } from './stays';

/** The class of an encounter in the page's language where its code is a known one, else as the source calls it. */
export function classText(t: Translate, encounter: Encounter): string {
  const given = encounter.class ?? encounter.class_code ?? '';
  return encounter.class_code ? t('encounters.class', { ...choice('class', encounter.class_code), code: given }) : given;
}

export function Encounters({ chart, errors, openWhere }: { chart: Chart; errors: boolean; openWhere: OpenWhere }) {
  const t = useT();
  const zone = useZone();
  const encounters = chart.encounters.filter((e) => errors || e.status !== 'entered-in-error');
  const years = [...new Set(encounters.map((encounter) => yearOf(encounter, zone)))];
  if (encounters.length === 0) {
    return (
      <Section kind="stays" title={t('chart.encounters')} empty={t('encounters.none')} count={0}>
        {null}
      </Section>
    );
  }
  return (
    <div className="encounters">
      {years.map((year) => {
        const own = encounters.filter((encounter) => yearOf(encounter, zone) === year);
        return (
          <Section key={year} kind="stays" title={year || t('encounters.noTime')} empty="" count={own.length}>
            {own.map((encounter) => (
              <Line key={encounter.ref} encounter={encounter} nights={nightsOf(encounter, zone)} openWhere={openWhere} />
            ))}
          </Section>
        );
      })}
    </div>
  );
}

function Line({ encounter, nights: count, openWhere }: { encounter: Encounter; nights: number; openWhere: OpenWhere }) {
  const t = useT();
  const kind = classText(t, encounter);
  const wrong = encounter.status === 'entered-in-error';
  return (
    <Item reference={encounter.ref} wrong={wrong} openWhere={openWhere}>
      <span className="item-side muted">
        <Between start={encounter.start} end={encounter.end} extent="full" />
      </span>
      <span className="item-main">
        <span className="item-text">{encounter.type ?? (kind || t('encounters.untyped'))}</span>
        {encounter.type && kind && <span className="item-note muted">{kind}</span>}
        {count > 0 && <span className="item-note muted">{t('encounters.nights', { count })}</span>}
        {encounter.status === 'in-progress' && <b className="item-note">{t('encounters.now')}</b>}
        {encounter.status === 'planned' && <span className="item-note muted">{t('encounters.planned')}</span>}
        {encounter.status === 'cancelled' && <span className="item-note muted">{t('labs.cancelled')}</span>}
        {wrong && <WrongMark />}
      </span>
      <span className="item-place">{encounter.place}</span>
    </Item>
  );
}
