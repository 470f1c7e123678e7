import { readingOf } from '../../parts/bytes';
import { text } from '../element';

/** An attachment of FHIR. */
export interface Attachment {
  media: string;
  charset?: string;
  /** Base64. */
  data?: string;
  url?: string;
  title?: string;
  /** Bytes, as far as the source says. */
  size?: number;
  language?: string;
}

/** How an attachment is shown. */
export type Form = 'text' | 'html' | 'xml' | 'image' | 'pdf' | 'other';

export function attachmentOf(holder: unknown): Attachment {
  const [media = '', ...parameters] = (text(holder, 'contentType') ?? '').split(';').map((part) => part.trim());
  const charset = parameters.map((parameter) => /^charset="?([^"]+)"?$/i.exec(parameter)?.[1]).find((name) => name !== undefined);
  const size = Number(text(holder, 'size'));
  const [data, url, title, language] = ['data', 'url', 'title', 'language'].map((name) => text(holder, name));
  return {
    media: media.toLowerCase(),
    ...(charset !== undefined && { charset }),
    ...(data !== undefined && { data }),
    ...(url !== undefined && { url }),
    ...(title !== undefined && { title }),
    ...(Number.isFinite(size) && size > 0 && { size }),
    ...(language !== undefined && { language }),
  };
}

/** The Binary of this server that an address means, if it does: `Binary/1`. */
export function binaryOf(url: string, origin: string): string | undefined {
  const own = url.startsWith(`${origin}/fhir/`) ? url.slice(`${origin}/fhir/`.length) : url.replace(/^\/fhir\//, '');
  return /^(Binary\/[A-Za-z0-9.-]{1,64})(\/_history\/[A-Za-z0-9.-]{1,64})?$/.exec(own)?.[0];
}

const begins = (bytes: Uint8Array, letters: string): boolean => [...letters].every((c, n) => bytes[n] === c.charCodeAt(0));

/** Pictures that every browser draws. SVG is none of them here: it is a page of its own. */
const IMAGES = new Set(['image/png', 'image/jpeg', 'image/jpg', 'image/gif', 'image/webp', 'image/bmp']);

/** How bytes are shown: by what their sender calls them, and where nobody says anything by how they begin. */
export function formOf(media: string, bytes: Uint8Array): Form {
  if (begins(bytes, '%PDF-')) return 'pdf';
  if (media === '' || media === 'application/octet-stream') {
    if (begins(bytes, '\u0089PNG') || begins(bytes, '\u00ff\u00d8\u00ff') || begins(bytes, 'GIF8')) return 'image';
    if (begins(bytes, '<?xml')) return 'xml';
    return bytes.length > 0 && !bytes.subarray(0, 2_000).some((byte) => byte < 0x09 || (byte > 0x0d && byte < 0x20 && byte !== 0x1b)) ? 'text' : 'other';
  }
  if (IMAGES.has(media)) return 'image';
  if (media === 'text/html' || media === 'application/xhtml+xml') return 'html';
  if (/^(text|application)\/([\w.-]+\+)?xml$/.test(media)) return 'xml';
  // Formatted text of word processors says nothing to a reader as it stands.
  if (media === 'text/rtf' || media === 'application/rtf') return 'other';
  return media.startsWith('text/') || /^application\/([\w.-]+\+)?json$/.test(media) ? 'text' : 'other';
}

/** The type that a picture is given: what its bytes begin with, so that nothing else is ever opened as one. */
export function imageType(bytes: Uint8Array): string | undefined {
  if (begins(bytes, '\u0089PNG')) return 'image/png';
  if (begins(bytes, '\u00ff\u00d8\u00ff')) return 'image/jpeg';
  if (begins(bytes, 'GIF8')) return 'image/gif';
  if (begins(bytes, 'RIFF') && begins(bytes.subarray(8), 'WEBP')) return 'image/webp';
  return begins(bytes, 'BM') ? 'image/bmp' : undefined;
}

/** Bytes as text, in the character set that their sender names or they name themselves. */
export function textOf(bytes: Uint8Array, charset: string | undefined): { text: string; charset: string; guessed: boolean } {
  const declared = charset ?? /<\?xml[^>]*encoding=["']([\w.-]+)["']/.exec(new TextDecoder('iso-8859-1').decode(bytes.subarray(0, 200)))?.[1] ?? /<meta[^>]+charset=["']?([\w-]+)/i.exec(new TextDecoder('iso-8859-1').decode(bytes.subarray(0, 1_500)))?.[1];
  const reading = readingOf(bytes, { encoding: declared });
  return { text: new TextDecoder(reading.charset).decode(bytes).replace(/^\ufeff/, ''), ...reading };
}

const ENDINGS = new Map(Object.entries({ 'application/pdf': 'pdf', 'text/plain': 'txt', 'text/html': 'html', 'text/xml': 'xml', 'application/xml': 'xml', 'image/jpeg': 'jpg', 'image/png': 'png', 'image/tiff': 'tif', 'application/rtf': 'rtf', 'text/rtf': 'rtf', 'application/dicom': 'dcm' }));

/** The name that an attachment is saved under. It names no patient. */
export const fileName = (ref: string, n: number, media: string): string => `${ref.replace('/', '-')}${n > 0 ? `-${n + 1}` : ''}.${ENDINGS.get(media) ?? (/^[\w-]+\/([\w]{2,5})$/.exec(media)?.[1] || 'bin')}`;
