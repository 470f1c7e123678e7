import type { Chart, Encounter } from '../api/types';
import { choice, useT, type Translate } from '../i18n';
import { Between } from '../parts/When';
import type { OpenWhere } from './ChartPage';
import { Item, Section, WrongMark } from './Item';

/** The class of an encounter in the page's language where its code is a known one, else as the source calls it. */
export function classText(t: Translate, encounter: Encounter): string {
  const given = encounter.class ?? encounter.class_code ?? '';
  return encounter.class_code ? t('encounters.class', { ...choice('class', encounter.class_code), code: given }) : given;
}

export function Encounters({ chart, errors, openWhere }: { chart: Chart; errors: boolean; openWhere: OpenWhere }) {
  const t = useT();
  const encounters = chart.encounters.filter((e) => errors || e.status !== 'entered-in-error');
  return (
    <div className="encounters">
      <Section kind="stays" title={t('chart.encounters')} empty={t('encounters.none')} count={encounters.length}>
        {encounters.map((encounter) => {
          const kind = classText(t, encounter);
          const wrong = encounter.status === 'entered-in-error';
          return (
            <Item key={encounter.ref} reference={encounter.ref} wrong={wrong} openWhere={openWhere}>
              <span className="item-side muted">
                <Between start={encounter.start} end={encounter.end} extent="full" />
              </span>
              <span className="item-main">
                <span className="item-text">{encounter.type ?? (kind || t('encounters.untyped'))}</span>
                {encounter.type && kind && <span className="item-note muted">{kind}</span>}
                {encounter.status === 'in-progress' && <b className="item-note">{t('encounters.now')}</b>}
                {encounter.status === 'planned' && <span className="item-note muted">{t('encounters.planned')}</span>}
                {encounter.status === 'cancelled' && <span className="item-note muted">{t('labs.cancelled')}</span>}
                {wrong && <WrongMark />}
              </span>
              <span className="item-place">{encounter.place}</span>
            </Item>
          );
        })}
      </Section>
    </div>
  );
}
