import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import type { Allergy, Chart, Medication, Problem } from '../api/types';
import { choice, useLanguage, useT } from '../i18n';
import { When } from '../parts/When';
import type { OpenWhere } from './ChartPage';
import { Item, Section } from './Item';
import { latest } from './labs';
import { tallMan } from './tallMan';
import { ResultValue } from './ResultValue';

interface Props {
  chart: Chart;
  errors: boolean;
  openWhere: OpenWhere;
}

const LATEST_SHOWN = 20;
const PAST = new Set(['inactive', 'remission', 'resolved']);

export function Summary({ chart, errors, openWhere }: Props) {
  const t = useT();
  const problems = chart.problems.filter((p) => errors || p.verification !== 'entered-in-error');
  const current = problems.filter((p) => !PAST.has(p.clinical ?? ''));
  const past = problems.filter((p) => PAST.has(p.clinical ?? ''));
  const allergies = chart.allergies.filter((a) => errors || a.verification !== 'entered-in-error');
  const medications = chart.medications.filter((m) => errors || m.status !== 'entered-in-error');
  const active = medications.filter((m) => m.active);
  const stopped = medications.filter((m) => !m.active);
  const labs = useMemo(() => latest(chart, errors), [chart, errors]);
  return (
    <div className="summary">
      <div className="summary-column">
        <Section title={t('summary.problems')} empty={t('summary.noProblems')} count={current.length}>
          {current.map((problem) => (
            <ProblemLine key={problem.ref} problem={problem} openWhere={openWhere} />
          ))}
        </Section>
        <Fold title={t('summary.pastProblems')} count={past.length}>
          {past.map((problem) => (
            <ProblemLine key={problem.ref} problem={problem} openWhere={openWhere} />
          ))}
        </Fold>
        <Section title={t('summary.allergies')} empty={t('banner.noAllergiesRecorded')} count={allergies.length}>
          {allergies.map((allergy) => (
            <AllergyLine key={allergy.ref} allergy={allergy} openWhere={openWhere} />
          ))}
        </Section>
      </div>
      <div className="summary-column">
        <Section title={t('summary.activeMedications')} empty={t('summary.noActiveMedications')} count={active.length}>
          {active.map((medication) => (
            <MedicationLine key={medication.ref} medication={medication} openWhere={openWhere} />
          ))}
        </Section>
        <Fold title={t('summary.stoppedMedications')} count={stopped.length}>
          {stopped.map((medication) => (
            <MedicationLine key={medication.ref} medication={medication} openWhere={openWhere} />
          ))}
        </Fold>
      </div>
      <div className="summary-column">
        <Section title={t('summary.latestLabs')} empty={t('summary.noLabs')} count={Math.min(labs.length, LATEST_SHOWN)}>
          {labs.slice(0, LATEST_SHOWN).map(({ test, result }) => (
            <Item key={`${result.ref} ${result.field}`} reference={result.ref} field={result.field} wrong={result.status === 'entered-in-error'} openWhere={openWhere}>
              <span className="item-main">{test.code.text}</span>
              <ResultValue result={result} withUnit />
              <span className="item-side muted">
                <When at={result.at} />
              </span>
            </Item>
          ))}
        </Section>
        {labs.length > 0 && (
          <p>
            <Link to="/p/$id/{-$tab}" params={{ id: chart.patient.id, tab: 'labs' }} className="button">
              {t('summary.allLabs', { count: labs.length })}
            </Link>
          </p>
        )}
      </div>
    </div>
  );
}

function Fold({ title, count, children }: { title: string; count: number; children: React.ReactNode }) {
  if (count === 0) return null;
  return (
    <details className="section fold">
      <summary>
        {title} <span className="muted">{count}</span>
      </summary>
      <ul>{children}</ul>
    </details>
  );
}

function ProblemLine({ problem, openWhere }: { problem: Problem; openWhere: OpenWhere }) {
  const t = useT();
  return (
    <Item reference={problem.ref} wrong={problem.verification === 'entered-in-error'} openWhere={openWhere}>
      <span className="item-main">{problem.code.text}</span>
      {problem.verification && problem.verification !== 'confirmed' && problem.verification !== 'entered-in-error' && (
        <span className="muted">{t('summary.verification', choice('status', problem.verification))}</span>
      )}
      <span className="item-side muted">
        <When at={problem.onset ?? problem.recorded} extent="day" />
        {problem.abated && (
          <>
            {' – '}
            <When at={problem.abated} extent="day" />
          </>
        )}
      </span>
    </Item>
  );
}

function AllergyLine({ allergy, openWhere }: { allergy: Allergy; openWhere: OpenWhere }) {
  const t = useT();
  return (
    <Item reference={allergy.ref} wrong={allergy.verification === 'entered-in-error'} openWhere={openWhere}>
      <span className={allergy.none_known ? 'item-main' : 'item-main danger'}>
        {allergy.code.text}
        {allergy.reactions.length > 0 && ` (${allergy.reactions.join(', ')})`}
      </span>
      {allergy.criticality === 'high' && <b className="danger">{t('summary.highRisk')}</b>}
      {allergy.clinical && allergy.clinical !== 'active' && <span className="muted">{t('summary.clinical', choice('status', allergy.clinical))}</span>}
    </Item>
  );
}

function MedicationLine({ medication, openWhere }: { medication: Medication; openWhere: OpenWhere }) {
  const t = useT();
  const language = useLanguage();
  const name = language === 'en' ? tallMan(medication.code.text) : medication.code.text;
  return (
    <Item reference={medication.ref} wrong={medication.status === 'entered-in-error'} openWhere={openWhere}>
      <span className="item-main">{name}</span>
      {medication.dose && <span>{medication.dose}</span>}
      <span className="item-side muted">
        {!medication.active && medication.status && <>{t('summary.medicationStatus', choice('status', medication.status))} · </>}
        <When at={medication.since} extent="day" />
        {medication.until && (
          <>
            {' – '}
            <When at={medication.until} extent="day" />
          </>
        )}
      </span>
    </Item>
  );
}
