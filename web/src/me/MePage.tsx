import { chooseLanguage, LANGUAGES, useLanguage, useT, type Language } from '../i18n';
import { useSession } from '../live/session';
import { chooseTheme, THEMES, useTheme } from '../live/theme';
import { PageTitle } from '../parts/Page';
import { Password, Sessions } from './Account';
import { Keys } from './Keys';
import './me.css';

/** What a person sets for this browser, and what their account is. */
export function MePage() {
  const t = useT();
  const session = useSession();
  return (
    <div className="me">
      <PageTitle>{t('me.title')}</PageTitle>
      {session?.person && (
        <p className="muted">
          {session.person.name} · {t('me.account')} <code>{session.person.account}</code> · {session.person.role === 'admin' ? t('role.admin') : t('role.clinician')}
        </p>
      )}
      <Look />
      <Keys />
      {session?.person && (
        <>
          <Sessions />
          <Password />
        </>
      )}
    </div>
  );
}

function Look() {
  const t = useT();
  const language = useLanguage();
  const theme = useTheme();
  return (
    <section aria-label={t('me.look')} className="me-part">
      <h2>{t('me.look')}</h2>
      <fieldset>
        <legend>{t('shell.language')}</legend>
        {Object.entries(LANGUAGES).map(([tag, name]) => (
          <label key={tag} className="me-choice">
            <input type="radio" name="language" checked={tag === language} onChange={() => chooseLanguage(tag as Language)} />
            <span lang={tag}>{name}</span>
          </label>
        ))}
      </fieldset>
      <fieldset>
        <legend>{t('shell.theme')}</legend>
        {THEMES.map((name) => (
          <label key={name} className="me-choice">
            <input type="radio" name="theme" checked={name === theme} onChange={() => chooseTheme(name)} />
            {t(`theme.${name}`)}
          </label>
        ))}
      </fieldset>
      <p className="muted">{t('me.browser')}</p>
    </section>
  );
}
