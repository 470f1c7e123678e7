import { Link } from '@tanstack/react-router';
import { useT } from '../i18n';
import { useSession } from '../live/session';
import { Instant } from '../parts/Instant';
import { PersonName } from '../parts/PersonName';
import { sexText } from '../parts/sex';
import { When } from '../parts/When';
import { FIELDS, isShared, outcomeOf, valuesOf, type IdentityLink, type LinkPart, type Outcome, type PartName, type Person } from './identity';

/** A mark of each outcome beside its word: nothing is said by colour alone. */
const MARKS: Record<Outcome, string> = { equal: '=', near: '≈', differs: '≠', missing: '–' };

/** Two records side by side: what is equal is quiet, what differs is marked, and what each adds to the score stands beside it. */
export function Compared({ link }: { link: IdentityLink }) {
  const t = useT();
  const reads = useSession()?.features.includes('patients') ?? false;
  const [a, b] = link.patients;
  // The longest bar is that of the heaviest part.
  const most = Math.max(...link.parts.map(({ weight }) => Math.abs(weight)), Number.EPSILON);
  return (
    <div className="panel same-panel">
      <table className="same">
        <thead>
          <tr>
            <td aria-hidden />
            {[a, b].map((person, n) => (
              <th key={person.id} scope="col">
                <span className="muted">{t(n === 0 ? 'same.first' : 'same.second')}</span>{' '}
                {reads ? (
                  <Link to="/p/$id/{-$tab}" params={{ id: person.id }}>
                    {t('same.chart')} <code>{person.id}</code>
                  </Link>
                ) : (
                  <code>{person.id}</code>
                )}
                {person.deceased && <span className="state" data-kind="danger"> {t('same.deceased')}</span>}
                {!person.active && <span className="state"> {t('same.inactive')}</span>}
              </th>
            ))}
            <th scope="col">{t('same.how')}</th>
          </tr>
        </thead>
        <tbody>
          {FIELDS.map((field) => (
            <Row key={field} link={link} field={field} most={most} />
          ))}
          <tr data-outcome="fact">
            <th scope="row">{t('same.updated')}</th>
            {[a, b].map((person) => (
              <td key={person.id}>
                <Instant at={person.updated} /> {person.source && <span className="muted">{person.source}</span>}
              </td>
            ))}
            <td aria-hidden />
          </tr>
        </tbody>
      </table>
    </div>
  );
}

function Row({ link, field, most }: { link: IdentityLink; field: PartName; most: number }) {
  const t = useT();
  const [a, b] = link.patients;
  const outcome = outcomeOf(link, field);
  const parts = link.parts.filter(({ name }) => name === field);
  return (
    <tr data-outcome={outcome}>
      <th scope="row">{t(`same.part.${field}`)}</th>
      <td>
        <Values person={a} other={b} field={field} />
      </td>
      <td>
        <Values person={b} other={a} field={field} />
      </td>
      <td className="same-how">
        <span className="same-outcome" data-outcome={outcome}>
          <span aria-hidden>{MARKS[outcome]} </span>
          {t(`same.is.${outcome}`)}
        </span>
        {parts.map((part, n) => (
          <Weight key={n} part={part} most={most} />
        ))}
      </td>
    </tr>
  );
}

function Values({ person, other, field }: { person: Person; other: Person; field: PartName }) {
  const t = useT();
  const values = valuesOf(person, field);
  if (values.length === 0) return <span className="muted">{t('value.notKnown')}</span>;
  return values.map((value) => (
    <span key={value} className="same-value" data-shared={isShared(value, field, other) ? '' : undefined}>
      <Value field={field} value={value} />
    </span>
  ));
}

function Value({ field, value }: { field: PartName; value: string }) {
  const t = useT();
  switch (field) {
    case 'name':
      return <PersonName name={{ text: value }} />;
    case 'birthDate':
      return <When at={value} extent="day" />;
    case 'sex':
      return sexText(t, value);
    default:
      return value;
  }
}

/** What a part adds to the score, or takes from it: its sign and number, and a bar as long as it is heavy. */
function Weight({ part: { weight, how }, most }: { part: LinkPart; most: number }) {
  const t = useT();
  const sign = weight > 0 ? '+' : weight < 0 ? '−' : '';
  return (
    <span className="same-weight">
      <span className="number">
        {sign}
        {t('same.weight', { weight: Math.abs(weight) })}
      </span>
      <span className="same-bar" data-against={weight < 0 ? '' : undefined} aria-hidden>
        <span style={{ inlineSize: `${Math.round((Math.abs(weight) / most) * 100)}%` }} />
      </span>
      {how && <span className="muted">{t('same.likeness', { how: how.replaceAll('-', '_') })}</span>}
    </span>
  );
}
