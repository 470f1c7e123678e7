import type { Name } from '../api/types';
import { useLanguage, useT } from '../i18n';
import { written } from './name';

/** A patient's name; the form in the other script follows, quieter. */
export function PersonName({ name }: { name: Name }) {
  const t = useT();
  const { text, lang, other } = written(name, useLanguage());
  if (!text) return <span className="muted">{t('value.noName')}</span>;
  return (
    <>
      <strong lang={lang}>{text}</strong>
      {other && (
        <span className="muted" lang={other.lang}>
          {' '}
          {other.text}
        </span>
      )}
    </>
  );
}
