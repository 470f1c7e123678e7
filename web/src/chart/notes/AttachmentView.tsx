import { useQuery } from '@tanstack/react-query';
import { useCallback, useMemo, useState, type RefCallback } from 'react';
import { json } from '../../api/client';
import { useT } from '../../i18n';
import { bytesOf } from '../../parts/bytes';
import { Failure } from '../../parts/Failure';
import { Waiting } from '../../parts/Waiting';
import { binaryOf, fileName, formOf, imageType, textOf, type Attachment, type Form } from './attachment';
import { Narrative } from './Narrative';

/** What is larger than this is fetched when somebody asks for it. */
const ASK_BYTES = 4_000_000;
/** Text beyond this is cut; all of it can be saved. */
const MOST_LETTERS = 400_000;

interface Props {
  attachment: Attachment;
  /** The record that has it, and its place there. */
  reference: string;
  n: number;
  /** There is narrative of it above: what a program wrote for programs is shown when asked for. */
  quiet: boolean;
}

/** One attachment of a note: shown if pages can show its form, and to be saved in any case. */
export function AttachmentView({ attachment, reference, n, quiet }: Props) {
  const t = useT();
  const { data, url, title, size, media } = attachment;
  const binary = data === undefined && url !== undefined ? binaryOf(url, globalThis.location.origin) : undefined;
  const isLarge = (size ?? 0) > ASK_BYTES;
  const [asked, setAsked] = useState(!isLarge && !(quiet && media.endsWith('xml')));
  const fetched = useQuery({
    queryKey: ['binary', binary],
    queryFn: ({ signal }) => json<{ contentType?: string; data?: string }>(`/fhir/${binary ?? ''}`, { signal, accept: 'application/fhir+json' }),
    enabled: binary !== undefined && asked,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const base64 = data ?? fetched.data?.data;
  const bytes = useMemo(() => (base64 === undefined ? undefined : bytesOf(base64)), [base64]);
  const type = media || (fetched.data?.contentType ?? '').split(';')[0] || '';
  const words = [title, type || t('notes.formNotKnown'), size !== undefined && t('notes.bytes', { bytes: size })].filter(Boolean).join(' · ');
  return (
    <section className="attachment" aria-label={words}>
      <p className="attachment-head">
        <span className="muted">{words}</span>
        {bytes && formOf(type, bytes) === 'pdf' && <OpenPdf bytes={bytes} title={title ?? type} />}
        {bytes && <Save bytes={bytes} name={fileName(reference, n, type)} />}
        {!asked && (data !== undefined || binary !== undefined) && (
          <button type="button" className="button" onClick={() => setAsked(true)}>
            {t('notes.show')}
          </button>
        )}
      </p>
      {data === undefined && url !== undefined && binary === undefined && (
        <p className="notice">
          {t('notes.elsewhere')} <code>{url}</code>
        </p>
      )}
      {data === undefined && url === undefined && <p className="muted">{t('notes.noContent')}</p>}
      {asked && binary !== undefined && !fetched.data && (fetched.error ? <Failure error={fetched.error} onRetry={() => void fetched.refetch()} /> : <Waiting lines={6} />)}
      {base64 !== undefined && bytes === undefined && <p className="notice" data-kind="warn">{t('notes.notBase64')}</p>}
      {asked && bytes && <Content bytes={bytes} form={formOf(type, bytes)} attachment={attachment} />}
    </section>
  );
}

function Content({ bytes, form, attachment }: { bytes: Uint8Array<ArrayBuffer>; form: Form; attachment: Attachment }) {
  const t = useT();
  const read = useMemo(() => (form === 'text' || form === 'xml' || form === 'html' ? textOf(bytes, attachment.charset) : undefined), [bytes, form, attachment.charset]);
  if (bytes.length === 0) return <p className="muted">{t('notes.noContent')}</p>;
  if (form === 'image') return <Picture bytes={bytes} words={attachment.title ?? t('notes.picture')} />;
  if (form === 'pdf') return null;
  if (!read) return <p className="muted">{t('notes.noView')}</p>;
  const long = read.text.length > MOST_LETTERS;
  const shown = long ? read.text.slice(0, MOST_LETTERS) : read.text;
  return (
    <>
      {read.guessed && <p className="muted">{t('notes.guessed', { charset: read.charset })}</p>}
      {form === 'html' ? (
        <Narrative html={shown} />
      ) : (
        <pre className="note-text" data-form={form} tabIndex={0} role="region" aria-label={t('notes.text')} lang={attachment.language}>
          {shown.replace(/^\s*\n/, '').trimEnd()}
        </pre>
      )}
      {long && <p className="notice">{t('notes.cut')}</p>}
    </>
  );
}

/** Gives an element the address of bytes within this page. They are of the type that is given here, whatever they are. */
function useAddress(bytes: Uint8Array<ArrayBuffer>, type: string, attribute: 'href' | 'src'): RefCallback<HTMLElement> {
  return useCallback(
    (element: HTMLElement | null) => {
      const made = URL.createObjectURL(new Blob([bytes], { type }));
      element?.setAttribute(attribute, made);
      return () => URL.revokeObjectURL(made);
    },
    [bytes, type, attribute],
  );
}

function Picture({ bytes, words }: { bytes: Uint8Array<ArrayBuffer>; words: string }) {
  const t = useT();
  const type = imageType(bytes);
  const address = useAddress(bytes, type ?? 'application/octet-stream', 'src');
  return type === undefined ? <p className="muted">{t('notes.noView')}</p> : <img ref={address} className="note-picture" alt={words} />;
}

/** A PDF opens in the browser's own viewer, beside the chart: pages may not hold one within them. */
function OpenPdf({ bytes, title }: { bytes: Uint8Array<ArrayBuffer>; title: string }) {
  const t = useT();
  const address = useAddress(bytes, 'application/pdf', 'href');
  return (
    <a ref={address} className="button" href="#main" target="_blank" rel="noopener" aria-label={`${t('notes.openPdf')}: ${title}`}>
      {t('notes.openPdf')}
    </a>
  );
}

/** What was received, unchanged, as a file. No browser opens it as a page. */
function Save({ bytes, name }: { bytes: Uint8Array<ArrayBuffer>; name: string }) {
  const t = useT();
  const address = useAddress(bytes, 'application/octet-stream', 'href');
  return (
    <a ref={address} className="button" href="#main" download={name}>
      {t('notes.save')}
    </a>
  );
}
