import type { Translate } from '../i18n';

/** Who did something, as it is kept: `person/3 (Ada Ward)`. */
const PRINCIPAL = /^(person|token|source|operator|component)\/\d+ \((.*)\)$/s;

/** Who did something, as people say it; anything else as it stands there. */
export function whoText(t: Translate, who: string): string {
  const [, kind, name = ''] = PRINCIPAL.exec(who) ?? [];
  switch (kind) {
    case 'person':
      return name;
    case 'token':
      return t('who.token', { name });
    case 'source':
      return t('who.source', { name });
    case 'operator':
      return t('who.operator', { name });
    case 'component':
      return t('who.component', { name });
    default:
      return who;
  }
}
