import type { Chart } from '../api/types';
import { useT } from '../i18n';
import { When } from '../parts/When';
import type { OpenWhere } from './ChartPage';
import { Item, Section } from './Item';

export function Encounters({ chart, errors, openWhere }: { chart: Chart; errors: boolean; openWhere: OpenWhere }) {
  const t = useT();
  const encounters = chart.encounters.filter((e) => errors || e.status !== 'entered-in-error');
  return (
    <div className="encounters">
      <Section title={t('chart.encounters')} empty={t('encounters.none')} count={encounters.length}>
        {encounters.map((encounter) => (
          <Item key={encounter.ref} reference={encounter.ref} wrong={encounter.status === 'entered-in-error'} openWhere={openWhere}>
            <span className="item-main">{encounter.type ?? encounter.class ?? t('encounters.untyped')}</span>
            {encounter.place && <span>{encounter.place}</span>}
            {encounter.status === 'in-progress' && <b>{t('encounters.now')}</b>}
            <span className="item-side muted">
              {encounter.type && encounter.class && <>{encounter.class} · </>}
              <When at={encounter.start} />
              {encounter.end && (
                <>
                  {' – '}
                  <When at={encounter.end} />
                </>
              )}
            </span>
          </Item>
        ))}
      </Section>
    </div>
  );
}
