import { ApiError } from '../api/client';
import { useT } from '../i18n';
import { Failure } from '../parts/Failure';
import { PageTitle } from '../parts/Page';

/** An address that is no page. */
export function Missing() {
  const t = useT();
  return (
    <>
      <PageTitle quiet>{t('failure.missing.title')}</PageTitle>
      <Failure error={new ApiError(404, '')} />
    </>
  );
}
