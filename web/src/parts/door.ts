import type { Translate } from '../i18n';

const DOORS = ['mllp', 'http', 'https', 'import', 'pull', 'mapping', 'undo', 'redo'] as const;

/** By which way something came in, in words; one that is newer than the pages as it is. */
export function doorText(t: Translate, door: string): string {
  const known = DOORS.find((one) => one === door);
  return known ? t(`door.${known}`) : door;
}
