import type { Translate } from '../i18n';

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** Bytes in the unit that leaves one to three digits before the point; units are of a thousand, as disks are sold. */
export function bytesIn(t: Translate, bytes: number): string {
  const step = bytes < 1_000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${t('value.figure', { n: bytes / 1_000 ** step })}\u{A0}${UNITS[step]}`;
}

/** How long something lasts, in the one unit that says enough. */
export function durationOf(seconds: number): { unit: 'seconds' | 'minutes' | 'hours' | 'days'; count: number } {
  if (seconds < 120) return { unit: 'seconds', count: seconds };
  if (seconds < 7_200) return { unit: 'minutes', count: Math.floor(seconds / 60) };
  if (seconds < 172_800) return { unit: 'hours', count: Math.floor(seconds / 3_600) };
  return { unit: 'days', count: Math.floor(seconds / 86_400) };
}

/** By how many seconds the server's clock is ahead of this browser's. */
export const clockSkew_s = (server: string, here_ms: number): number => (Date.parse(server) - here_ms) / 1_000;
