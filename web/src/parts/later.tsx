import { useEffect, useState, type ComponentType, type ReactNode } from 'react';
import { ApiError } from '../api/client';
import { fetchTexts, type Room } from '../i18n';
import { useConnection } from '../live/connection';
import { reach } from '../live/reach';
import { Failure, PartMissing } from './Failure';

/** A component that comes when it is first shown, or was asked for ahead. */
export type Later<P> = ((props: P) => ReactNode) & {
  /** Fetches it, if it is not there yet. What fails now is tried again when it is shown. */
  preload: () => Promise<void>;
};

/**
 * A part of the pages that is fetched when it is first shown, with the words that it says; `place` is what stands there meanwhile. What could
 * not be fetched is said in that place, and fetched when somebody asks for it again or the server is back.
 */
export function later<P extends object>(get: () => Promise<ComponentType<P>>, rooms: readonly Room[], place: (failure: ReactNode) => ReactNode = (failure) => failure): Later<P> {
  let part: ComponentType<P> | undefined;
  let coming: Promise<void> | undefined;

  const both = async () => {
    await reach();
    try {
      [part] = await Promise.all([get(), fetchTexts(rooms)]);
    } catch (error) {
      throw error instanceof ApiError ? error : new PartMissing(String(error));
    }
  };
  const fetched = (): Promise<void> => {
    if (part) return Promise.resolve();
    coming ??= both().finally(() => {
      coming = undefined;
    });
    return coming;
  };

  function Coming({ onCome }: { onCome: () => void }) {
    const [error, setError] = useState<unknown>();
    const [tries, setTries] = useState(0);
    const { reached } = useConnection();
    useEffect(() => {
      let here = true;
      fetched().then(
        () => here && onCome(),
        (failed: unknown) => here && setError(failed),
      );
      return () => {
        here = false;
      };
    }, [tries, reached, onCome]);
    if (!error) return place(null);
    return place(
      <Failure
        error={error}
        onRetry={() => {
          setError(undefined);
          setTries(tries + 1);
        }}
      />,
    );
  }

  function Part(props: P) {
    const [, setCome] = useState(false);
    const [onCome] = useState(() => () => setCome(true));
    const Come = part;
    return Come ? <Come {...props} /> : <Coming onCome={onCome} />;
  }
  Part.preload = (): Promise<void> => fetched().catch(() => undefined);
  return Part;
}
