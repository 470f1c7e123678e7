import { LicenceText } from '../fetched';
import { useT } from '../i18n';
import { useSession } from '../live/session';
import { Fact } from '../parts/Panel';
import { useState } from 'react';
import '../parts/where.css';

const NAME = 'medweave';
const LICENCE = 'Apache-2.0';

/** What this is, which version of it, and under which licence. */
export function About() {
  const t = useT();
  const session = useSession();
  const [open, setOpen] = useState(false);
  // The version, and the fingerprint of the pages that this program serves.
  const [version = '', pages = ''] = session?.build.split('+') ?? [];
  return (
    <div className="page">
      <section className="panel health-part" aria-label={NAME}>
        <h2>{NAME}</h2>
        <p className="panel-empty">{t('about.what')}</p>
        <dl className="where-facts health-facts">
          <Fact name={t('about.version')}>
            <code>{version}</code>
          </Fact>
          <Fact name={t('about.pages')}>
            <code>{pages}</code>
          </Fact>
          <Fact name={t('about.licence')}>
            {LICENCE} <span className="muted">{t('about.licenceName')}</span>
          </Fact>
        </dl>
        <details className="fold-row" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
          <summary>{t('about.licenceText')}</summary>
          {open && <LicenceText />}
        </details>
      </section>
    </div>
  );
}
