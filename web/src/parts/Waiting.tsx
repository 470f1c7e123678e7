import { useT } from '../i18n';
import { useLasting } from '../live/clock';

/** Nothing for 200 ms, then grey lines of the size that is coming, after 2 s words, after 10 s a way out. */
export function Waiting({ lines, onCancel }: { lines: number; onCancel?: () => void }) {
  const t = useT();
  const visible = useLasting(200);
  const slow = useLasting(2_000);
  const stuck = useLasting(10_000);
  return (
    <div role="status" className="waiting" data-visible={visible ? '' : undefined}>
      <span className="hidden-text">{visible ? t('waiting.loading') : ''}</span>
      {Array.from({ length: lines }, (_, n) => (
        <div key={n} className="waiting-line" aria-hidden />
      ))}
      {slow && <p className="muted">{t('waiting.slow')}</p>}
      {stuck && onCancel && (
        <button type="button" className="button" onClick={onCancel}>
          {t('waiting.cancel')}
        </button>
      )}
    </div>
  );
}
