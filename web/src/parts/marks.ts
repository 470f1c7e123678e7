import type { Language } from '../i18n';
import type { Scale } from './scale';
import { formatMoment } from './time';
import { timeAxis, type Grain } from './timeAxis';

/** Room for the words of a mark of the time axis. */
const MARK_PX = 96;

/** A place on the time axis and its words, one under the other. */
export interface TimeMark {
  at_ms: number;
  lines: string[];
}

/** The marks of a drawing's time axis: round times of the wall clock, or its ends where none lies between them. */
export function timeMarks(language: Language, zone: string, scale: Scale): TimeMark[] {
  const axis = timeAxis(scale.from_ms, scale.to_ms, zone, Math.max(2, Math.floor((scale.box.right - scale.box.left) / MARK_PX)));
  if (axis.at_ms.length === 0) return edges(language, zone, scale);
  return axis.at_ms.map((at_ms, n) => ({ at_ms, lines: markLines(language, zone, axis.grain, at_ms, n === 0) }));
}

/** A disc; a triangle that points up or down where the value is high or low: colour alone says nothing. */
export function dotOf(mark: string, x: number, y: number, r: number): string {
  const up = /[↑⇈]/.test(mark) ? 1 : /[↓⇊]/.test(mark) ? -1 : 0;
  if (up === 0) return `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`;
  const size = r * 1.25;
  return `M${x - size} ${y + up * size * 0.75}L${x + size} ${y + up * size * 0.75}L${x} ${y - up * size}Z`;
}

/** A mark's words: the clock, with its day below where one begins; else the day, month or year. */
function markLines(language: Language, zone: string, grain: Grain, at_ms: number, isFirst: boolean): string[] {
  const at = new Date(at_ms).toISOString();
  const day = formatMoment(language, at, zone, 'day');
  if (grain === 'day') return [day];
  if (grain === 'hour') {
    const clock = formatMoment(language, at, zone, 'clock');
    return isFirst || clock === '00:00' ? [clock, day] : [clock];
  }
  const [year = '', month = ''] = formatMoment('zh-Hans', at, zone, 'day').split('-');
  return [grain === 'year' ? year : formatMoment(language, `${year}-${month}`, zone)];
}

/** Where no round time lies between them: the first moment and the last. */
function edges(language: Language, zone: string, { from_ms, to_ms }: Scale): TimeMark[] {
  const words = (at_ms: number) => ({ at_ms, lines: ['clock', 'day'].map((extent) => formatMoment(language, new Date(at_ms).toISOString(), zone, extent === 'day' ? 'day' : 'clock')) });
  return from_ms === to_ms ? [words(from_ms)] : [words(from_ms), words(to_ms)];
}

/** Words at the ends of the axis stay within the drawing. */
export function anchorOf(scale: Scale, at_ms: number): 'start' | 'middle' | 'end' {
  const x = scale.x(at_ms);
  if (x - scale.box.left < 32) return 'start';
  return scale.box.right - x < 32 ? 'end' : 'middle';
}
