/**
 * The one-time code behind `#code=` of a link, which browsers send to no server. It is taken out of the address at once, so that it
 * stands in no history and is sent on with no copied link.
 */
export function takeCode(): string {
  const { hash, pathname, search } = globalThis.location;
  const code = new URLSearchParams(hash.slice(1)).get('code') ?? '';
  if (code) globalThis.history.replaceState(globalThis.history.state, '', `${pathname}${search}`);
  return code;
}
