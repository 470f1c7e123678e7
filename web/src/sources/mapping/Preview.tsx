import { useMemo, useState } from 'react';
import { choice, useT } from '../../i18n';
import { Failure } from '../../parts/Failure';
import { rowKey } from '../../parts/rowKey';
import { Toggle } from '../../parts/Toggle';
import { Waiting } from '../../parts/Waiting';
import { reasonText, useDetail } from '../said';
import type { SetSearch } from '../SourcePage';
import { elementAt, jsonLines } from './jsonLines';
import type { MappingPreview, PreviewElement, PreviewSample as Sample } from '../../api/types';

interface Props {
  answer: MappingPreview | undefined;
  error: unknown;
  /** What is written has gone on since. */
  old: boolean;
  /** Where the cursor is. */
  line: { file: string; line: number };
  onPoint: (place: { file: string; line: number } | undefined) => void;
  set: SetSearch;
}

/** Sample rows on the left, what the mapping makes of them on the right; what belongs together lights up together. */
export function Preview({ answer, error, old, line, onPoint, set }: Props) {
  const t = useT();
  const [at, setAt] = useState(0);
  const [pointed, setPointed] = useState<PreviewElement>();
  if (!answer) return error ? <Failure error={error} /> : <Waiting lines={10} />;
  if (answer.problems.length > 0) return <p className="muted page-note">{t('mapping.noPreview')}</p>;
  const { samples, elements } = answer;
  const sample = samples[Math.min(at, samples.length - 1)];
  if (!sample) return <p className="muted page-note">{t('mapping.noSamples')}</p>;
  const atCursor = elements.find((element) => element.file === line.file && element.line === line.line);
  const lit = pointed ?? atCursor;
  const point = (element: PreviewElement | undefined) => {
    setPointed(element);
    onPoint(element && { file: element.file, line: element.line });
  };
  const refused = samples.filter((one) => one.resource === null).length;
  return (
    <section aria-label={t('mapping.preview')} className="preview" aria-busy={old}>
      <header className="preview-head">
        <h2>{t('mapping.preview')}</h2>
        <span className="muted">
          {t('mapping.samples', { count: samples.length, refused })} · {old ? t('mapping.again') : t('sql.ms', { ms: Math.round(answer.ms) })}
        </span>
        <span className="preview-pager">
          <button type="button" className="button" disabled={at <= 0} onClick={() => setAt(at - 1)} aria-label={t('mapping.previous')}>
            <span aria-hidden>‹</span>
          </button>
          <span>{t('mapping.sampleNo', { no: Math.min(at, samples.length - 1) + 1, of: samples.length })}</span>
          <button type="button" className="button" disabled={at >= samples.length - 1} onClick={() => setAt(at + 1)} aria-label={t('mapping.next')}>
            <span aria-hidden>›</span>
          </button>
        </span>
      </header>
      <div className="preview-pair">
        <Rows sample={sample} elements={elements} lit={lit} set={set} />
        <Resource sample={sample} elements={elements} lit={lit} onPoint={point} />
      </div>
    </section>
  );
}

interface RowsProps {
  sample: Sample;
  elements: PreviewElement[];
  lit: PreviewElement | undefined;
  set: SetSearch;
}

type SampleRow = Sample['rows'][number];

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

function Rows({ sample, elements, lit, set }: RowsProps) {
  const t = useT();
  const [all, setAll] = useState(false);
  const used = (row: SampleRow, column: string) => elements.some((element) => element.origins.some((origin) => same(origin.table, row.table) && same(origin.column, column)));
  return (
    <div className="preview-side">
      <div className="preview-side-head">
        <h3>{t('mapping.rows')}</h3>
        <Toggle on={all} onChange={setAll}>
          {t('mapping.allColumns')}
        </Toggle>
      </div>
      {sample.rows.map((row) => (
        <div key={rowKey(row)} className="preview-row">
          <button type="button" className="row-button" data-row={rowKey(row)} onClick={() => set({ row: rowKey(row) })}>
            {t('row.short', { table: row.table, no: row.row })}
          </button>
          <dl className="preview-cells">
            {Object.entries(row.cells)
              .filter(([column]) => all || used(row, column))
              .map(([column, cell]) => (
                <div key={column} data-lit={lit?.origins.some((origin) => same(origin.table, row.table) && same(origin.column, column)) ? '' : undefined}>
                  <dt>
                    <code>{column}</code>
                  </dt>
                  <dd>{cell === null || cell === '' ? <span className="muted">∅</span> : cell}</dd>
                </div>
              ))}
          </dl>
        </div>
      ))}
      {sample.more_rows > 0 && <p className="muted">{t('cells.more', { count: sample.more_rows })}</p>}
    </div>
  );
}

interface ResourceProps {
  sample: Sample;
  elements: PreviewElement[];
  lit: PreviewElement | undefined;
  onPoint: (element: PreviewElement | undefined) => void;
}

function Resource({ sample, elements, lit, onPoint }: ResourceProps) {
  const t = useT();
  const lines = useMemo(() => {
    if (sample.resource === null) return [];
    return jsonLines(sample.resource).map((line) => ({ ...line, element: line.path ? elementAt(elements, line.path) : undefined }));
  }, [sample, elements]);
  return (
    <div className="preview-side">
      <div className="preview-side-head">
        <h3>{sample.resource === null ? <span className="danger">▲ {t('mapping.refused')}</span> : t('mapping.resource')}</h3>
        {lit && (
          <span className="muted preview-made">
            <code>{lit.element}</code> ← {lit.origins.length > 0 ? lit.origins.map((origin) => `${origin.table}.${origin.column}`).join(', ') : t('cells.constant')}
          </span>
        )}
      </div>
      {(sample.reasons.length > 0 || sample.remarks.length > 0) && (
        <ul className="preview-reasons">
          {sample.reasons.map((reason) => (
            <li key={`${reason.reason} ${reason.element} ${reason.message}`}>
              <span className="effect" data-effect={sample.resource === null ? 'rejected' : 'left-out'}>
                {t('run.effect', choice('effect', sample.resource === null ? 'rejected' : 'left-out'))}
              </span>{' '}
              {reason.element && <code>{reason.element}</code>} {reasonText(t, reason.reason)} <Detail code={reason.reason} message={reason.message} />
            </li>
          ))}
          {sample.remarks.map((remark) => (
            <li key={`${remark.remark} ${remark.element}`}>
              <code>{remark.element}</code> {reasonText(t, remark.remark)}
            </li>
          ))}
        </ul>
      )}
      {lines.length > 0 && (
        <div className="preview-json" role="group" aria-label={t('mapping.resource')} tabIndex={0} onPointerLeave={() => onPoint(undefined)}>
          {lines.map((line, n) => (
            <div
              key={n}
              className="json-line"
              style={{ paddingInlineStart: `${line.depth * 14 + 4}px` }}
              data-made={line.element ? '' : undefined}
              data-lit={line.element && line.element === lit ? '' : undefined}
              onPointerEnter={() => onPoint(line.element)}
            >
              {line.text}
            </div>
          ))}
        </div>
      )}
    </div>
  );
}

function Detail({ code, message }: { code: string; message: string }) {
  const detail = useDetail(code, message);
  return detail === undefined ? null : (
    <span className="muted" lang="en">
      {detail}
    </span>
  );
}
