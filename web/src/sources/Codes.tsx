import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useId, useState } from 'react';
import { json } from '../api/client';
import type { Approval, CodeMap, SuggestedCodes, UnmappedCode, UnmappedCodes, Vocabularies } from '../api/types';
import { useT } from '../i18n';
import { useSession } from '../live/session';
import { acting } from '../parts/acting';
import { Count } from '../parts/Count';
import { Failure, StaleBar } from '../parts/Failure';
import { Waiting } from '../parts/Waiting';
import { At } from '../parts/When';
import { Who } from '../parts/Who';
import { whoText } from '../parts/who';
import type { SourceSearch } from '../router';
import type { SetSearch } from './SourcePage';
import { whyText } from './suggested';
import './codes.css';

interface Props {
  name: string;
  search: SourceSearch;
  set: SetSearch;
}

/** Values that are listed at first; of some thousands, the frequent ones matter. */
const SHOWN = 200;
/** Values that are seen at a glance. */
const FEW = 20;

const idOf = (one: { kind: string; map: string; value: string }): string => `${one.kind} ${one.map} ${one.value}`;

/** Values that no map knows, by frequency, with what they may mean; a person says what they do. */
export function Codes({ name, search, set }: Props) {
  const t = useT();
  const codes = useQuery({
    queryKey: ['source', name, 'codes'],
    queryFn: ({ signal }) => json<UnmappedCodes>(`/api/codes?${new URLSearchParams({ source: name })}`, { signal }),
  });
  const [find, setFind] = useState('');
  const [all, setAll] = useState(false);
  const box = useId();
  const { data } = codes;
  if (!data) return codes.error ? <Failure error={codes.error} onRetry={() => void codes.refetch()} /> : <Waiting lines={8} />;
  const toRuns = (
    <Link to="/sources/$name/{-$tab}" params={{ name, tab: 'runs' }}>
      {t('run.dry')}
    </Link>
  );
  if (data.at === null) {
    return (
      <div className="empty">
        <h2>{t('codes.never.title')}</h2>
        <p>
          {t('codes.never.text')} {toRuns}
        </p>
      </div>
    );
  }
  const open = data.unmapped.filter((one) => one.approved.length === 0);
  const most = Math.max(1, ...data.unmapped.map((one) => one.count));
  const wanted = find.trim().toLowerCase();
  const found = wanted === '' ? data.unmapped : data.unmapped.filter((one) => [one.value, one.display ?? '', one.map].some((text) => text.toLowerCase().includes(wanted)));
  // What the address names is shown wherever it stands.
  const list = all ? found : found.filter((one, n) => n < SHOWN || idOf(one) === search.code);
  return (
    <>
      <StaleBar error={codes.error} onRetry={() => void codes.refetch()} />
      <p className="muted page-note">
        {t('codes.of')} <At at={data.at} /> · {t('codes.open', { count: open.length })}
        {open.length < data.unmapped.length && (
          <>
            {' '}
            · {t('codes.waiting')} {toRuns}
          </>
        )}
      </p>
      {data.unmapped.length > FEW && (
        <p className="page-note codes-find">
          <label htmlFor={box}>{t('codes.find')}</label>
          <input id={box} type="search" className="input" value={find} autoComplete="off" spellCheck={false} onChange={(event) => setFind(event.target.value)} />
        </p>
      )}
      {data.unmapped.length > 0 && found.length === 0 && <p className="muted page-note">{t('codes.noneFound')}</p>}
      {data.unmapped.length === 0 ? (
        <p className="notice">{t('codes.allMapped')}</p>
      ) : (
        <div className="panel fold-list" hidden={found.length === 0}>
          {list.map((one) => (
            <details
              key={idOf(one)}
              className="fold-row"
              open={search.code === idOf(one)}
              onToggle={(event) => {
                const now = event.currentTarget.open;
                if (now !== (search.code === idOf(one))) set({ code: now ? idOf(one) : undefined });
              }}
            >
              <summary data-item className="code-line">
                <span className="codes-value">
                  <code>{one.value}</code> {one.display && one.display !== one.value && <span className="muted">{one.display}</span>}
                </span>
                <span className="fixed">
                  <span className="muted">{t('run.codeOf', { kind: one.kind })}</span> <code>{one.map}</code>
                </span>
                <span className="fixed codes-count">
                  <span className="share" aria-hidden style={{ inlineSize: `${Math.max(2, (80 * one.count) / most)}px` }} />
                  <span className="number">
                    <Count of={one.count} />
                  </span>
                </span>
                {one.approved.length > 0 && (
                  <span className="codes-approved-line">
                    ✓ {one.approved.map((approval) => (approval.code === '' ? t('codes.noCode') : approval.code)).join(', ')}
                  </span>
                )}
              </summary>
              {search.code === idOf(one) && <OneValue source={name} one={one} map={data.maps.find(({ kind, map }) => kind === one.kind && map === one.map)} />}
            </details>
          ))}
        </div>
      )}
      {list.length < found.length && (
        <p className="page-note">
          <button type="button" className="button" onClick={() => setAll(true)}>
            {t('codes.more', { count: found.length - list.length })}
          </button>
        </p>
      )}
      {data.approvals.length > 0 && <Approvals approvals={data.approvals} />}
    </>
  );
}

interface OneValueProps {
  source: string;
  one: UnmappedCode;
  /** What the map fills; nothing of one that the mapping has no longer. */
  map: CodeMap | undefined;
}

function OneValue({ source, one, map }: OneValueProps) {
  const t = useT();
  const queries = useQueryClient();
  // Whoever approves is named: tokens cannot.
  const person = Boolean(useSession()?.person);
  const of = { source, map: one.map, kind: one.kind };
  const suggested = useQuery({
    queryKey: ['suggest', source, one.kind, one.map, one.value],
    queryFn: ({ signal }) => json<SuggestedCodes>('/api/codes/suggest', { method: 'POST', body: { ...of, values: [one.value], limit: 12 }, signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const again = () => queries.invalidateQueries({ queryKey: ['source', source, 'codes'] });
  const approve = useMutation({
    mutationFn: (code: { system: string | null; code: string; display: string | null }) => json('/api/codes/approve', { method: 'POST', body: { ...of, value: one.value, codes: [code] } }),
    onSuccess: again,
  });
  const revoke = useMutation({ mutationFn: () => json('/api/codes/revoke', { method: 'POST', body: { ...of, value: one.value } }), onSuccess: again });
  const suggestions = suggested.data?.values[0]?.suggestions;
  const error = approve.error ?? revoke.error;
  return (
    <div className="codes-one">
      {error && <Failure error={error} />}
      {one.approved.length > 0 && (
        <div className="codes-approved">
          <ul>
            {one.approved.map((approval) => (
              <li key={approval.no}>
                ✓ {approval.code === '' ? t('codes.noCode') : <code>{approval.code}</code>} {approval.display} <span className="muted">{approval.system}</span> · <Who who={approval.by} /> · <At at={approval.at} />
              </li>
            ))}
          </ul>
          <button type="button" className="button" {...acting(revoke.isPending, () => revoke.mutate())}>
            {t('codes.revoke')}
          </button>
        </div>
      )}
      {map && map.elements.length > 0 && (
        <p className="muted">
          {t('codes.fills')} <code>{map.elements.join(', ')}</code>
          {map.value_sets.length > 0 && (
            <>
              {' '}
              · {t('codes.only')} <code>{map.value_sets.join(', ')}</code>
            </>
          )}
        </p>
      )}
      {!suggestions && (suggested.error ? <Failure error={suggested.error} onRetry={() => void suggested.refetch()} /> : <Waiting lines={3} />)}
      {suggestions && suggestions.length === 0 && <p className="muted">{t('codes.noSuggestions')}</p>}
      {suggestions && suggestions.length > 0 && (
        <table className="rows">
          <thead>
            <tr>
              <th scope="col">{t('codes.suggestion')}</th>
              <th scope="col">{t('codes.system')}</th>
              <th scope="col">{t('codes.why')}</th>
              <th scope="col" className="number">{t('codes.score')}</th>
              <th scope="col">
                <span className="hidden-text">{t('codes.approve')}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {suggestions.map((suggestion) => (
              <tr key={`${suggestion.system} ${suggestion.code}`}>
                <th scope="row">
                  <code>{suggestion.code}</code> {suggestion.display !== suggestion.code.replaceAll('-', ' ') && suggestion.display}
                </th>
                <td>
                  <code>{suggestion.system}</code>
                </td>
                <td className="muted">
                  {whyText(t, suggestion)} · {suggestion.from.startsWith(VOCABULARY) ? t('codes.fromVocabulary', { name: suggestion.from.slice(VOCABULARY.length) }) : suggestion.from}
                </td>
                <td className="number" data-label={t('codes.score')}>
                  {suggestion.score > 0 ? suggestion.score : '–'}
                </td>
                <td>
                  <button
                    type="button"
                    className="button"
                    disabled={!person}
                    aria-label={t('codes.approveIt', { code: suggestion.code, value: one.value })}
                    {...acting(approve.isPending, () => approve.mutate({ system: suggestion.system, code: suggestion.code, display: suggestion.display }))}
                  >
                    {t('codes.approve')}
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {suggestions?.some((suggestion) => suggestion.from.startsWith(VOCABULARY)) && <Licences systems={suggestions.map((suggestion) => suggestion.system)} />}
      <Other kind={one.kind} map={map} offered={suggestions ?? []} disabled={!person || approve.isPending} onApprove={(code) => approve.mutate(code)} />
    </div>
  );
}

/** How the origin of a suggestion begins that comes from a loaded vocabulary. */
const VOCABULARY = 'vocabulary ';

/** Systems of vocabularies whose address does not hold their name. */
const SYSTEMS: Record<string, string> = { SNOMED: 'http://snomed.info/sct', CPT4: 'http://www.ama-assn.org/go/cpt', 'dm+d': 'https://dmd.nhs.uk' };

/** What whoever uses the codes of these systems needs, of the vocabularies that they were found in. */
function Licences({ systems }: { systems: string[] }) {
  const t = useT();
  const vocabularies = useQuery({ queryKey: ['vocabularies'], queryFn: ({ signal }) => json<Vocabularies>('/api/vocabularies', { signal }), staleTime: Number.POSITIVE_INFINITY });
  const loaded = vocabularies.data?.loaded;
  if (!loaded) return null;
  const meant = (id: string) => systems.some((system) => system === SYSTEMS[id] || system.toLowerCase().includes(id.toLowerCase()));
  const licensed = loaded.vocabularies.filter(({ id, licence }) => licence !== null && meant(id));
  if (licensed.length === 0) return null;
  return (
    <ul className="codes-licences" aria-label={t('codes.licences')}>
      {licensed.map(({ id, licence }) => (
        <li key={id}>
          {t('codes.licence', { vocabulary: id })} <span lang="en">{licence}</span>
        </li>
      ))}
    </ul>
  );
}

interface OtherProps {
  kind: UnmappedCode['kind'];
  map: CodeMap | undefined;
  /** What is suggested above. */
  offered: { system: string; code: string }[];
  disabled: boolean;
  onApprove: (code: { system: string | null; code: string; display: string | null }) => void;
}

/** A code that nobody suggested, or that there is none. */
function Other({ kind, map, offered, disabled, onApprove }: OtherProps) {
  const t = useT();
  const [system, code] = [useId(), useId()];
  const bound = map?.codes ?? [];
  const none = (
    <button type="button" className="button" disabled={disabled} onClick={() => onApprove({ system: null, code: '', display: null })}>
      {t('codes.none')}
    </button>
  );
  const isOffered = (wanted: { system: string; code: string }) => offered.some((one) => one.code === wanted.code && one.system === wanted.system);
  // Where few codes can be meant, all of them are suggested.
  if (bound.length > 0 && bound.every(isOffered)) return <p className="codes-other">{none}</p>;
  return (
    <form
      className="codes-other"
      onSubmit={(event) => {
        event.preventDefault();
        const form = new FormData(event.currentTarget);
        const text = (name: string) => {
          const value = form.get(name);
          return typeof value === 'string' && value.trim() !== '' ? value.trim() : null;
        };
        const chosen = bound[Number(text('bound') ?? Number.NaN)];
        onApprove(chosen ? { ...chosen, display: null } : { system: text('system'), code: text('code') ?? '', display: null });
      }}
    >
      {bound.length > 0 ? (
        <>
          <label htmlFor={code}>{t('codes.code')}</label>
          <select id={code} name="bound" className="input">
            {bound.map((one, n) => (
              <option key={`${one.system} ${one.code}`} value={n}>
                {one.code}
              </option>
            ))}
          </select>
        </>
      ) : (
        <>
          {kind === 'code' && (
            <>
              <label htmlFor={system}>{t('codes.system')}</label>
              <input id={system} name="system" className="input" autoComplete="off" spellCheck={false} defaultValue={map?.system ?? ''} required />
            </>
          )}
          <label htmlFor={code}>{kind === 'code' ? t('codes.code') : t('codes.ucum')}</label>
          <input id={code} name="code" className="input" autoComplete="off" spellCheck={false} required />
        </>
      )}
      <button type="submit" className="button" disabled={disabled}>
        {t('codes.approve')}
      </button>
      {none}
    </form>
  );
}

/** Who approved what, newest first; what was taken back stays in the list. */
function Approvals({ approvals }: { approvals: Approval[] }) {
  const t = useT();
  return (
    <section aria-label={t('codes.approvals')} className="panel">
      <h2>{t('codes.approvals')}</h2>
      <table className="rows">
        <thead>
          <tr>
            <th scope="col">{t('run.value')}</th>
            <th scope="col">{t('run.map')}</th>
            <th scope="col">{t('codes.code')}</th>
            <th scope="col">{t('codes.by')}</th>
          </tr>
        </thead>
        <tbody>
          {approvals.map((approval) => (
            <tr key={approval.no}>
              <th scope="row">
                <code>{approval.value}</code>
              </th>
              <td>
                <code>{approval.map}</code>
              </td>
              <td>
                {approval.code === '' ? t('codes.noCode') : <code>{approval.code}</code>} {approval.display} <span className="muted">{approval.system}</span>
              </td>
              <td>
                <Who who={approval.by} /> <At at={approval.at} />
                {approval.revoked && (
                  <span className="muted">
                    {' '}
                    · {t('codes.revoked', { by: whoText(t, approval.revoked_by ?? '') })} <At at={approval.revoked} />
                  </span>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
