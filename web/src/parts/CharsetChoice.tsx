import { useId } from 'react';
import { useT } from '../i18n';
import { charsets, type Reading } from './bytes';

interface Props {
  reading: Reading;
  onChoose: (charset: string) => void;
}

/** In which character set bytes are shown, and that this is a guess where it is one; another can be chosen. */
export function CharsetChoice({ reading: { charset, guessed }, onChoose }: Props) {
  const t = useT();
  const select = useId();
  return (
    <>
      <label htmlFor={select}>{t('where.charset')}</label>
      <select id={select} className="input where-select" value={charset} onChange={(event) => onChoose(event.target.value)}>
        {charsets(charset).map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
      {guessed && <span className="where-guess">{t('where.guessed')}</span>}
    </>
  );
}
