import { Link } from '@tanstack/react-router';
import { useEffect, useMemo, useState } from 'react';
import type { Chart } from '../../api/types';
import { useLanguage, useT } from '../../i18n';
import { useSession, useZone } from '../../live/session';
import { AgeText } from '../../parts/AgeText';
import { identifierLabel } from '../../parts/identifier';
import { PersonName } from '../../parts/PersonName';
import { sexText } from '../../parts/sex';
import { foreignOffset, formatMoment, zoneName } from '../../parts/time';
import { When, ZONE_MARK } from '../../parts/When';
import { keysOf } from '../../shell/keymap';
import type { ChartSearch } from '../../router';
import type { Change, OpenWhere } from '../ChartPage';
import { allergiesOf } from '../standing';
import { Summary } from '../Summary';
import './print.css';

const PAPERS = ['a4', 'letter'] as const;

/** Where paper is cut in inches. */
const inInches = (): boolean => /-(US|CA|MX|PH|CL|CO)$/.test(globalThis.navigator?.language ?? '');

interface Props {
  chart: Chart;
  search: ChartSearch;
  set: (change: Change) => void;
  openWhere: OpenWhere;
}

/** The summary for paper: who it is about stands on every sheet, with who printed it and when. */
export function PrintView({ chart, search, set, openWhere }: Props) {
  const t = useT();
  const language = useLanguage();
  const zone = useZone();
  const session = useSession();
  const [at_ms, setAt] = useState(() => Date.now());
  const paper = search.paper ?? (inInches() ? 'letter' : 'a4');
  const { patient } = chart;
  // One number may be kept under two names.
  const identifiers = patient.identifiers.filter(({ value }, n, all) => all.findIndex((other) => other.value === value) === n).slice(0, 2);
  const foreign = useMemo(() => chart.results.some(({ at }) => at !== undefined && foreignOffset(at, zone) !== undefined), [chart, zone]);
  const by = session?.person?.name ?? session?.principal ?? '';
  useEffect(() => {
    // What is printed says when that was, however long it was looked at before.
    const now = () => setAt(Date.now());
    globalThis.addEventListener('beforeprint', now);
    return () => globalThis.removeEventListener('beforeprint', now);
  }, []);
  const moment = (at: number) => formatMoment(language, new Date(at).toISOString(), zone);
  const allergies = useMemo(() => allergiesOf(chart), [chart]);
  return (
    <div className="paper-place">
      <div className="paper-bar">
        <button
          type="button"
          className="button"
          data-primary
          onClick={() => {
            setAt(Date.now());
            // The words of now are drawn before the dialog holds the page.
            setTimeout(() => globalThis.print(), 50);
          }}
        >
          {t('print.print')}
        </button>
        <div className="course-group" role="group" aria-label={t('print.paper')}>
          {PAPERS.map((one) => (
            <button key={one} type="button" className="button" aria-pressed={paper === one} onClick={() => set({ paper: one })}>
              {t(`print.paper.${one}`)}
            </button>
          ))}
        </div>
        <Link to="/p/$id/{-$tab}" params={{ id: patient.id, tab: undefined }} className="button" title={`${t('chart.summary')} (${keysOf('chart.summary')})`}>
          {t('print.back')}
        </Link>
        <span className="muted">{t('print.hint')}</span>
      </div>
      <table className="paper" data-paper={paper} role="presentation">
        <thead>
          <tr>
            <td>
              <div className="paper-who" role="region" aria-label={t('banner.label')}>
                <p className="paper-name">
                  <PersonName name={patient.name} />
                </p>
                <dl>
                  <div>
                    <dt>{t('banner.born')}</dt>
                    <dd>
                      {patient.born ? <When at={patient.born} extent="day" /> : t('value.notKnown')}
                      {patient.born && (
                        <>
                          {' '}
                          (<AgeText born={patient.born} died={patient.died} />)
                        </>
                      )}
                    </dd>
                  </div>
                  <div>
                    <dt>{t('banner.sex')}</dt>
                    <dd>{sexText(t, patient.sex)}</dd>
                  </div>
                  {identifiers.map(({ label, value }) => (
                    <div key={`${label ?? ''} ${value}`}>
                      <dt>{label ? identifierLabel(t, label) : t('banner.identifier')}</dt>
                      <dd>{value}</dd>
                    </div>
                  ))}
                  {patient.died && (
                    <div>
                      <dt>{t('banner.died')}</dt>
                      <dd>{patient.died === 'true' ? t('banner.dateNotKnown') : <When at={patient.died} extent="day" />}</dd>
                    </div>
                  )}
                </dl>
                <p className="paper-allergies">
                  {typeof allergies === 'string'
                    ? t(NONE[allergies])
                    : `${t('banner.allergies')}: ${[...new Set(allergies.map((one) => (one.reactions.length > 0 ? `${one.code.text} (${one.reactions.join(', ')})` : one.code.text)))].join(' · ')}`}
                </p>
              </div>
            </td>
          </tr>
        </thead>
        <tfoot>
          <tr>
            <td className="paper-foot">
              {t('print.printed', { at: moment(at_ms), by })} · {t('print.asOf', { at: moment(Date.parse(chart.as_of)) })} · {t('chart.zone', { zone: zoneName(zone) })}
              {foreign && ` · ${t('chart.foreignZone', { mark: ZONE_MARK })}`}
            </td>
          </tr>
        </tfoot>
        <tbody>
          <tr>
            <td>
              {chart.withheld.length > 0 && <p className="notice">{t('chart.withheld', { types: chart.withheld.join(', ') })}</p>}
              {chart.truncated.length > 0 && <p className="notice">{t('chart.truncated', { types: chart.truncated.join(', ') })}</p>}
              <Summary chart={chart} errors={false} whole openWhere={openWhere} />
            </td>
          </tr>
        </tbody>
      </table>
    </div>
  );
}

const NONE = {
  withheld: 'banner.allergiesWithheld',
  'none-recorded': 'banner.noAllergiesRecorded',
  'none-active': 'banner.noActiveAllergies',
  'none-known': 'banner.noKnownAllergies',
} as const;
