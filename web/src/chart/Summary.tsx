import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import type { Allergy, Chart, LabResult, Medication, Problem } from '../api/types';
import { choice, useLanguage, useT } from '../i18n';
import { useZone } from '../live/session';
import { widestFraction } from '../parts/decimal';
import { Between, When } from '../parts/When';
import type { OpenWhere } from './ChartPage';
import { Fold, Item, Section, WrongMark } from './Item';
import type { FlagOf } from './flag';
import { latest, latestVitals, rangeText } from './labs';
import { inactiveBy, isCurrent, stands } from './standing';
import { tallMan } from './tallMan';
import { testName } from './testName';
import { ResultValue } from './ResultValue';

interface Props {
  chart: Chart;
  errors: boolean;
  /** For paper: all of the latest results, and of what is folded away how much it is. */
  whole?: boolean;
  openWhere: OpenWhere;
}

const LATEST_SHOWN = 20;
const ERROR = 'entered-in-error';

export function Summary({ chart, errors, whole = false, openWhere }: Props) {
  const t = useT();
  const problems = chart.problems.filter((p) => errors || p.verification !== ERROR);
  const current = problems.filter((p) => isCurrent(p) || p.verification === ERROR);
  const past = problems.filter((p) => !current.includes(p));
  const allergies = chart.allergies.filter((a) => errors || a.verification !== ERROR);
  const medications = chart.medications.filter((m) => errors || m.status !== ERROR);
  const active = medications.filter((m) => m.active);
  const stopped = medications.filter((m) => !m.active);
  return (
    <div className="summary">
      <div className="summary-column">
        <Section title={t('summary.problems')} empty={t('summary.noProblems')} count={current.length}>
          {current.map((problem) => (
            <ProblemLine key={problem.ref} problem={problem} openWhere={openWhere} />
          ))}
        </Section>
        <Fold title={t('summary.pastProblems')} count={past.length} shut={whole}>
          {past.map((problem) => (
            <ProblemLine key={problem.ref} problem={problem} openWhere={openWhere} />
          ))}
        </Fold>
        <Section title={t('summary.allergies')} empty={t('summary.noAllergies')} count={allergies.length}>
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
        <Fold title={t('summary.stoppedMedications')} count={stopped.length} shut={whole}>
          {stopped.map((medication) => (
            <MedicationLine key={medication.ref} medication={medication} openWhere={openWhere} />
          ))}
        </Fold>
      </div>
      <LatestResults chart={chart} errors={errors} whole={whole} openWhere={openWhere} />
    </div>
  );
}

/** The newest vital signs and laboratory results. */
function LatestResults({ chart, errors, whole = false, openWhere }: Props) {
  const t = useT();
  const language = useLanguage();
  const zone = useZone();
  const vitals = useMemo(() => latestVitals(chart, errors, zone), [chart, errors, zone]);
  const labs = useMemo(() => latest(chart, errors, zone), [chart, errors, zone]);
  const shown = whole ? labs : labs.slice(0, LATEST_SHOWN);
  return (
    <div className="summary-column">
      {vitals.length > 0 && (
        <Section kind="results" title={t('summary.latestVitals')} empty="" count={vitals.length}>
          <ResultLines
            lines={vitals.map(({ test, result, isPressure, flag }) => ({ name: isPressure ? t('summary.bloodPressure') : testName(t, language, test), result, range: isPressure ? '' : rangeText(result.range), flag }))}
            openWhere={openWhere}
          />
        </Section>
      )}
      <Section kind="results" title={t('summary.latestLabs')} empty={t('summary.noLabs')} count={labs.length}>
        <ResultLines lines={shown.map(({ test, result }) => ({ name: test.code.text, result, range: rangeText(result.range) }))} openWhere={openWhere} />
      </Section>
      {labs.length > shown.length && (
        <p>
          <Link to="/p/$id/{-$tab}" params={{ id: chart.patient.id, tab: 'labs' }} className="button">
            {t('summary.allLabs', { count: labs.length })}
          </Link>
        </p>
      )}
    </div>
  );
}

interface Line {
  name: string;
  result: LabResult;
  /** The range that was stated with this result. */
  range: string;
  flag?: FlagOf | undefined;
}

function ResultLines({ lines, openWhere }: { lines: Line[]; openWhere: OpenWhere }) {
  const fraction = widestFraction(lines.flatMap(({ result }) => (result.numeric && result.value !== undefined ? [result.value] : [])));
  return lines.map(({ name, result, range, flag }) => (
    <Item key={`${result.ref} ${result.field}`} reference={result.ref} field={result.field} wrong={result.status === ERROR} openWhere={openWhere}>
      <span className="item-main">
        <span className="item-text">{name}</span>
        {range && <span className="item-range muted">{range}</span>}
        {!result.numeric && <ResultValue result={result} />}
        {result.status === ERROR && <WrongMark />}
      </span>
      {result.numeric && <ResultValue result={result} flag={flag} withUnit fraction={fraction} />}
      <span className="item-side muted">
        <When at={result.at} />
      </span>
    </Item>
  ));
}

/** How sure a problem or an allergy is, where that is less than confirmed. */
function Verification({ code }: { code: string | undefined }) {
  const t = useT();
  if (!code || code === 'confirmed' || code === ERROR) return null;
  return <span className="item-note muted">{t('summary.verification', choice('status', code))}</span>;
}

function ProblemLine({ problem, openWhere }: { problem: Problem; openWhere: OpenWhere }) {
  const wrong = problem.verification === ERROR;
  return (
    <Item reference={problem.ref} wrong={wrong} openWhere={openWhere}>
      <span className="item-main">
        <span className="item-text">{problem.code.text}</span>
        <Verification code={problem.verification} />
        {wrong && <WrongMark />}
      </span>
      <span className="item-side muted">
        <Between start={problem.onset ?? problem.recorded} end={problem.abated} />
      </span>
    </Item>
  );
}

function AllergyLine({ allergy, openWhere }: { allergy: Allergy; openWhere: OpenWhere }) {
  const t = useT();
  const wrong = allergy.verification === ERROR;
  return (
    <Item reference={allergy.ref} wrong={wrong} openWhere={openWhere}>
      <span className="item-main">
        <span className={allergy.none_known || !stands(allergy) ? 'item-text' : 'item-text danger'}>
          {allergy.code.text}
          {allergy.reactions.length > 0 && ` (${allergy.reactions.join(', ')})`}
        </span>
        <Verification code={allergy.verification} />
        {allergy.clinical && allergy.clinical !== 'active' && <span className="item-note muted">{t('summary.clinical', choice('status', allergy.clinical))}</span>}
        {wrong && <WrongMark />}
      </span>
      <span className="item-side">{allergy.criticality === 'high' && stands(allergy) && <b className="danger">{t('summary.highRisk')}</b>}</span>
    </Item>
  );
}

function MedicationLine({ medication, openWhere }: { medication: Medication; openWhere: OpenWhere }) {
  const t = useT();
  const language = useLanguage();
  const name = language === 'en' ? tallMan(medication.code.text) : medication.code.text;
  const wrong = medication.status === ERROR;
  const why = medication.active || wrong ? undefined : inactiveBy(medication);
  return (
    <Item reference={medication.ref} wrong={wrong} openWhere={openWhere}>
      <span className="item-main">
        <span className="item-text item-drug">{name}</span>
        {medication.dose && <span className="item-note">{medication.dose}</span>}
        {medication.reason && <span className="item-note muted">{t('summary.for', { reason: medication.reason })}</span>}
        {why && <span className="item-note muted">{why.kind === 'intent' ? t('summary.intent', choice('intent', why.code)) : t('summary.medicationStatus', choice('status', why.code))}</span>}
        {wrong && <WrongMark />}
      </span>
      <span className="item-side muted">
        <Between start={medication.since} end={medication.until} />
      </span>
    </Item>
  );
}
