import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from 'react';
import { useT } from '../i18n';
import { useNow } from '../live/clock';
import { acting, takesFocus } from '../parts/acting';
import { useKeys, type Binding } from '../shell/keys';
import { Refused } from './Refused';

/** What was done and can be taken back for a while. */
interface Done {
  /** What was done, as the bar says it. */
  text: string;
  undo: () => Promise<unknown>;
}

interface Offered extends Done {
  until_ms: number;
}

/** How long something can be taken back. */
const UNDO_MS = 10_000;

const Offers = createContext<(done: Done) => void>(() => undefined);

/** Offers that what was just done is taken back. */
export const useOfferUndo = (): ((done: Done) => void) => useContext(Offers);

/** Pages whose acts can be taken back: the bar that offers it stays when the panel is closed that they were done in. */
export function Undoing({ children }: { children: ReactNode }) {
  const [offered, setOffered] = useState<Offered>();
  const offer = useCallback((done: Done) => setOffered({ ...done, until_ms: Date.now() + UNDO_MS }), []);
  const end = useCallback(() => {
    // Whoever was in the bar is not sent back to the beginning of the page.
    if (document.querySelector('.undo-bar')?.contains(document.activeElement)) document.querySelector<HTMLElement>('.admin-part')?.focus();
    setOffered(undefined);
  }, []);
  return (
    <Offers value={offer}>
      {offered && <Bar key={offered.until_ms} offered={offered} onEnd={end} />}
      {children}
    </Offers>
  );
}

type State = 'open' | 'busy' | 'undone' | { error: unknown };

function Bar({ offered, onEnd }: { offered: Offered; onEnd: () => void }) {
  const t = useT();
  const [state, setState] = useState<State>('open');
  const [pressed, setPressed] = useState(false);
  const left_s = Math.max(0, Math.ceil((offered.until_ms - useNow(250)) / 1_000));
  const over = state === 'open' && left_s === 0;
  useEffect(() => {
    if (over) onEnd();
  }, [over, onEnd]);
  // That it was taken back is said for as long as that could be done.
  useEffect(() => {
    if (state !== 'undone') return undefined;
    const timer = setTimeout(onEnd, UNDO_MS);
    return () => clearTimeout(timer);
  }, [state, onEnd]);
  const undo = useCallback(() => {
    setState('busy');
    offered.undo().then(
      () => setState('undone'),
      (error: unknown) => setState({ error }),
    );
  }, [offered]);
  const keys = useMemo<Binding[]>(() => (state === 'open' ? [{ does: 'keys.undo', run: undo }] : []), [state, undo]);
  useKeys(keys);
  return (
    <div className="undo-bar" role="status">
      {state === 'undone' ? (
        // The button is gone that was pressed.
        <span ref={pressed ? takesFocus : undefined} tabIndex={-1}>
          {t('undo.undone')}
        </span>
      ) : (
        <span>{offered.text}</span>
      )}
      {(state === 'open' || state === 'busy') && (
        <button
          type="button"
          className="button"
          data-undo
          {...acting(state === 'busy', () => {
            setPressed(true);
            undo();
          })}
        >
          {t('undo.undo')}
        </button>
      )}
      {/* The seconds are seen and not read out ten times. */}
      {state === 'open' && (
        <span className="muted" aria-hidden>
          {t('undo.left', { seconds: left_s })}
        </span>
      )}
      {typeof state === 'object' && (
        <>
          <Refused error={state.error} />
          <button type="button" className="button" onClick={onEnd}>
            {t('keys.close')}
          </button>
        </>
      )}
    </div>
  );
}
