/** When the person at this screen last did something, in any tab of this site. */
const KEY = 'medweave.active';
/** How often other tabs are told. */
const TELL_MS = 5_000;
/** After so long without a key or pointer what the page asks for, it asks for by itself. */
const BACKGROUND_MS = 60_000;

let last_ms = Date.now();
let told_ms = 0;

function note(): void {
  last_ms = Date.now();
  if (last_ms - told_ms < TELL_MS) return;
  told_ms = last_ms;
  try {
    globalThis.localStorage?.setItem(KEY, String(last_ms));
  } catch {
    // Storage is off: each tab counts for itself.
  }
}

export function startActivity(): void {
  for (const event of ['keydown', 'pointerdown', 'pointermove', 'wheel', 'touchstart']) globalThis.addEventListener(event, note, { passive: true, capture: true });
  note();
}

/** ms since 1970 of the last sign of somebody. */
export function lastActive_ms(): number {
  try {
    return Math.max(last_ms, Number(globalThis.localStorage?.getItem(KEY) ?? 0) || 0);
  } catch {
    return last_ms;
  }
}

/** Whether a request now is the page's own doing: it must not keep a session open. */
export const isBackground = (): boolean => Date.now() - lastActive_ms() > BACKGROUND_MS;
