import type { Name } from '../api/types';
import type { Language } from '../i18n';

/** A name as banners and lists write it, and the other form beside it. */
export interface Written {
  text: string;
  lang?: string;
  other?: { text: string; lang?: string };
}

const HAN = /\p{Script=Han}/u;

/** `CHEN, Wei (Mr)`; a name in Chinese characters family first, no comma, no capitals. The form of the page's language leads. */
export function written(name: Name, language: Language): Written {
  const latin = latinOf(name);
  const chinese = name.zh ?? (HAN.test(name.text) ? name.text : undefined);
  if (chinese && (language === 'zh-Hans' || !latin)) {
    return { text: chinese, lang: 'zh', ...(latin && { other: { text: latin } }) };
  }
  return { text: latin ?? name.text, ...(chinese && { other: { text: chinese, lang: 'zh' } }) };
}

function latinOf({ text, family, given, prefix }: Name): string | undefined {
  if (HAN.test(`${family ?? ''}${given ?? ''}`)) return HAN.test(text) || !text ? undefined : text;
  if (!family) return given ?? (HAN.test(text) ? undefined : text || undefined);
  // "Mr." and "Mr" are one title; a column of names has it in one form.
  const title = prefix ? ` (${prefix.replace(/\.$/, '')})` : '';
  return given ? `${family.toUpperCase()}, ${given}${title}` : `${family.toUpperCase()}${title}`;
}
