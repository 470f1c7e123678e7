import { whenBack } from './connection';

/** Style sheets of parts of the pages that could not be fetched: the part is fetched when it is asked for again, its style sheet would not be. */
const missing = new Set<HTMLLinkElement>();

/** Fetches style sheets when the server is back that it could not give. */
export function startStyles(): void {
  // What went wrong with an element is told to those who listen on the way down to it.
  const onError = ({ target }: Event) => {
    if (target instanceof HTMLLinkElement && target.rel === 'stylesheet') missing.add(target);
  };
  globalThis.addEventListener('error', onError, true);
  whenBack(() => {
    for (const link of missing) link.replaceWith(link.cloneNode());
    missing.clear();
  });
}
