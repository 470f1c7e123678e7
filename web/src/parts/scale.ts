/** The place of times and values in a drawing. */
export interface Scale {
  box: { left: number; right: number; top: number; bottom: number };
  from_ms: number;
  to_ms: number;
  low: number;
  high: number;
  x: (at_ms: number) => number;
  y: (value: number) => number;
}

/**
 * A scale that holds all points and the limits of the range; `inset` keeps the outermost points off the edges. Of a `window` of time the
 * edges are its ends, whatever lies there.
 */
export function scaleOf(points: { at_ms: number; value: number }[], low: number | undefined, high: number | undefined, box: Scale['box'], inset = 0, window?: { from_ms: number; to_ms: number }): Scale {
  let [from_ms, to_ms] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  let [least, most] = [low ?? Number.POSITIVE_INFINITY, high ?? Number.NEGATIVE_INFINITY];
  for (const { at_ms, value } of points) {
    from_ms = Math.min(from_ms, at_ms);
    to_ms = Math.max(to_ms, at_ms);
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  if (window) ({ from_ms, to_ms } = window);
  if (high !== undefined) least = Math.min(least, high);
  if (low !== undefined) most = Math.max(most, low);
  if (least > most) [least, most] = [0, 0];
  const pad = (most - least) * 0.08 || Math.abs(most) * 0.05 || 1;
  least -= pad;
  most += pad;
  const time = to_ms - from_ms || 1;
  const [left, right] = [box.left + inset, box.right - inset];
  return {
    box,
    from_ms,
    to_ms,
    low: least,
    high: most,
    x: (at_ms) => (to_ms === from_ms ? (left + right) / 2 : left + ((at_ms - from_ms) / time) * (right - left)),
    y: (value) => box.bottom - ((value - least) / (most - least)) * (box.bottom - box.top),
  };
}

/** Round values for the axis, at most one more than `steps`. */
export function valueTicks(scale: Scale, steps = 5): { value: number; text: string }[] {
  const raw = (scale.high - scale.low) / steps;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= raw) ?? raw;
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const ticks = [];
  for (let n = Math.ceil(scale.low / step); n * step <= scale.high; n += 1) ticks.push({ value: n * step, text: (n * step).toFixed(digits) });
  return ticks;
}
