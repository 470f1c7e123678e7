import { useT } from '../i18n';
import { whoText } from './who';

/** Who did something; its number among its kind, which stays whatever becomes of the name, is told on pointing. */
export function Who({ who }: { who: string }) {
  const text = whoText(useT(), who);
  return <span title={text === who ? undefined : who}>{text}</span>;
}
