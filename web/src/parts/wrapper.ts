import type { Translate } from '../i18n';

/** What an arrival was packed in, from the outermost, in words: `gzip of 266646 bytes blake3 5ffe…`. */
export function wrapperText(t: Translate, wrapper: string): string {
  const parts = wrapper.split(', ').map((part) => {
    const [, kind, bytes, hash] = /^(\w+) of (\d+) bytes blake3 ([0-9a-f]+)$/.exec(part) ?? [];
    return kind && bytes && hash && kind !== 'beginning' ? t('where.packed', { kind, bytes: Number(bytes), hash }) : part;
  });
  return parts.join(' · ');
}
