import type { Language } from '../i18n';

export type Precision = 'year' | 'month' | 'day' | 'time';

/** A FHIR date, dateTime or instant, as far as it goes. */
export interface Moment {
  precision: Precision;
  year: number;
  /** 1-12, 1-31; 1 where the source does not say. */
  month: number;
  day: number;
  /** ms since 1970 of a value with a time. */
  at_ms?: number;
  /** The offset the source wrote: `Z`, `+08:00`. */
  offset?: string;
}

const FORM = /^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?)?)?$/;

/** Reads what FHIR calls date, dateTime or instant; `undefined` for anything else. */
export function parseMoment(text: string): Moment | undefined {
  const match = FORM.exec(text);
  if (!match) return undefined;
  const [, year, month, day, hour, , , , offset] = match;
  const moment: Moment = {
    precision: hour ? 'time' : day ? 'day' : month ? 'month' : 'year',
    year: Number(year),
    month: Number(month ?? 1),
    day: Number(day ?? 1),
  };
  if (hour) {
    const at_ms = Date.parse(offset ? text : `${text}Z`);
    if (Number.isNaN(at_ms)) return undefined;
    moment.at_ms = at_ms;
    if (offset) moment.offset = offset;
  }
  return moment;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const two = (n: number): string => String(n).padStart(2, '0');

interface Local {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** `zone` where this browser knows it, else UTC: a page must never fail for a clock, and says which one it shows. */
export function knownZone(zone: string): string {
  try {
    formatOf(zone);
    return zone;
  } catch {
    return 'UTC';
  }
}

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formats.set(zone, format);
  }
  return format;
}

/** The wall clock of `zone` at an instant. */
export function localTime(at_ms: number, zone: string): Local {
  const format = formatOf(zone);
  const local: Record<string, number> = {};
  for (const part of format.formatToParts(at_ms)) local[part.type] = Number(part.value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = local;
  return { year, month, day, hour, minute, second };
}

/** The offset of `zone` at an instant, in minutes east of UTC. */
export function offsetMinutes(at_ms: number, zone: string): number {
  const { year, month, day, hour, minute, second } = localTime(at_ms, zone);
  const wall_ms = Date.UTC(year, month - 1, day, hour, minute, second);
  return Math.round((wall_ms - Math.floor(at_ms / 1000) * 1000) / MINUTE);
}

function minutesOf(offset: string): number {
  if (offset === 'Z') return 0;
  const sign = offset.startsWith('-') ? -1 : 1;
  return sign * (Number(offset.slice(1, 3)) * 60 + Number(offset.slice(4, 6)));
}

export function offsetText(minutes: number): string {
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '−' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

function dayText(language: Language, precision: Precision, year: number, month: number, day: number): string {
  const y = String(year).padStart(4, '0');
  if (precision === 'year') return y;
  const name = MONTHS[month - 1] ?? '';
  if (precision === 'month') return language === 'zh-Hans' ? `${y}-${two(month)}` : `${name}-${y}`;
  return language === 'zh-Hans' ? `${y}-${two(month)}-${two(day)}` : `${two(day)}-${name}-${y}`;
}

/** How much of a moment to show. */
export type Extent = 'full' | 'day' | 'clock';

/**
 * A moment as clinical pages write it: `24-Nov-2026 14:05`, `2026-11-24 14:05`, on the wall clock of `zone`. Partial dates stay
 * partial. Text that is no FHIR date is shown as it is.
 */
export function formatMoment(language: Language, text: string, zone: string, extent: Extent = 'full'): string {
  const moment = parseMoment(text);
  if (!moment) return text;
  if (moment.at_ms === undefined) return dayText(language, moment.precision, moment.year, moment.month, moment.day);
  // Without an offset the source spoke of its own wall clock: it is shown as written.
  const local = localTime(moment.at_ms, moment.offset ? zone : 'UTC');
  const day = dayText(language, 'day', local.year, local.month, local.day);
  if (extent === 'day') return day;
  const clock = `${two(local.hour)}:${two(local.minute)}`;
  return extent === 'clock' ? clock : `${day} ${clock}`;
}

/** The offset that the source wrote where it is not the page's at that time, so that nobody reads a wrong hour. */
export function foreignOffset(text: string, zone: string): string | undefined {
  const moment = parseMoment(text);
  if (moment?.at_ms === undefined || moment.offset === undefined) return undefined;
  const minutes = minutesOf(moment.offset);
  return minutes === offsetMinutes(moment.at_ms, zone) ? undefined : offsetText(minutes);
}

/** ISO 8601 with offset: a moment to the second. */
export function isoInZone(at_ms: number, zone: string): string {
  const { year, month, day, hour, minute, second } = localTime(at_ms, zone);
  const offset = offsetText(offsetMinutes(at_ms, zone)).replace('−', '-');
  return `${year}-${two(month)}-${two(day)}T${two(hour)}:${two(minute)}:${two(second)}${offset}`;
}

/** A place on the time axis for sorting and drawing: the first instant the text can mean, a day's on the wall clock of `zone`. */
export function startOf(text: string, zone: string): number {
  const moment = parseMoment(text);
  if (!moment) return Number.NaN;
  if (moment.at_ms !== undefined && moment.offset !== undefined) return moment.at_ms;
  const wall_ms = moment.at_ms ?? Date.UTC(moment.year, moment.month - 1, moment.day);
  return wall_ms - offsetMinutes(wall_ms, zone) * MINUTE;
}

/** Age in the unit that clinicians use for it. `about` when the source gives no full birth date. */
export interface Age {
  unit: 'minutes' | 'hours' | 'days' | 'weeks' | 'months' | 'yearsMonths' | 'years';
  count: number;
  /** Months over whole years, of `yearsMonths`. */
  months: number;
  about: boolean;
}

/** Whole months from one calendar day to another. */
function monthsBetween(from: Local, to: Local): number {
  const months = (to.year - from.year) * 12 + to.month - from.month;
  return to.day < from.day ? months - 1 : months;
}

/** Age at `at_ms`: below 2 h minutes, 2 days hours, 4 weeks days, 1 year weeks, 2 years months, 18 years `y m`, then years. */
export function ageAt(born: string, at_ms: number, zone: string): Age | undefined {
  const moment = parseMoment(born);
  if (!moment) return undefined;
  const about = moment.precision === 'year' || moment.precision === 'month';
  const today = localTime(at_ms, zone);
  const timed = moment.at_ms !== undefined && moment.offset !== undefined;
  const birth: Local = timed
    ? localTime(moment.at_ms ?? 0, zone)
    : { year: moment.year, month: moment.month, day: moment.day, hour: 0, minute: 0, second: 0 };
  const months = monthsBetween(birth, today);
  const days = Math.round(
    (Date.UTC(today.year, today.month - 1, today.day) - Date.UTC(birth.year, birth.month - 1, birth.day)) / DAY,
  );
  if (days < 0) return undefined;
  const age = (unit: Age['unit'], count: number, rest = 0): Age => ({ unit, count, months: rest, about });
  if (moment.precision === 'year') return age('years', today.year - moment.year);
  if (timed) {
    const passed = at_ms - (moment.at_ms ?? 0);
    if (passed < 0) return undefined;
    if (passed < 2 * HOUR) return age('minutes', Math.floor(passed / MINUTE));
    if (passed < 2 * DAY) return age('hours', Math.floor(passed / HOUR));
  }
  if (days < 28) return age('days', days);
  if (months < 12) return age('weeks', Math.floor(days / 7));
  if (months < 24) return age('months', months);
  if (months < 18 * 12) return age('yearsMonths', Math.floor(months / 12), months % 12);
  return age('years', Math.floor(months / 12));
}

/** Younger than this is now. */
const NOW = 10_000;

/** The zone as people call it: `UTC`, `Asia/Shanghai`. */
export const zoneName = (zone: string): string => zone.replace(/^Etc\//, '');

/** How long ago, in the one unit that says enough. */
export function since(at_ms: number, now_ms: number): { unit: 'now' | 'seconds' | 'minutes' | 'hours' | 'days'; count: number } {
  const passed = Math.max(0, now_ms - at_ms);
  if (passed < NOW) return { unit: 'now', count: 0 };
  if (passed < MINUTE) return { unit: 'seconds', count: Math.floor(passed / 1000) };
  if (passed < HOUR) return { unit: 'minutes', count: Math.floor(passed / MINUTE) };
  if (passed < 2 * DAY) return { unit: 'hours', count: Math.floor(passed / HOUR) };
  return { unit: 'days', count: Math.floor(passed / DAY) };
}
