import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LiveStream, QUIET_MS, WAITS_MS } from './stream';

class Source {
  readonly listeners = new Map<string, (event: Event) => void>();
  closed = false;
  constructor(readonly address: string) {}
  addEventListener(name: string, does: (event: Event) => void): void {
    this.listeners.set(name, does);
  }
  close(): void {
    this.closed = true;
  }
  say(name: string, data?: object): void {
    this.listeners.get(name)?.(data ? new MessageEvent(name, { data: JSON.stringify(data) }) : new Event(name));
  }
}

let sources: Source[] = [];
let probes = 0;
let hidden = false;
const last = (): Source => sources.at(-1) ?? new Source('none');
const stream = () =>
  new LiveStream({
    open: (address) => {
      const source = new Source(address);
      sources.push(source);
      return source as unknown as EventSource;
    },
    hidden: () => hidden,
    probe: () => (probes += 1),
    random: () => 0.5,
  });

/** Those who follow have all said so. */
const settled = () => Promise.resolve();

beforeEach(() => {
  vi.useFakeTimers();
  sources = [];
  probes = 0;
  hidden = false;
});
afterEach(() => vi.useRealTimers());

describe('the live stream', () => {
  it('is one for all that is shown, and tells those whom a change concerns', async () => {
    const live = stream();
    live.start();
    const [list, chart] = [vi.fn(), vi.fn()];
    const leave = live.follow({ types: ['Patient'], onChange: list });
    live.follow({ patients: ['wei'], onChange: chart });
    await settled();
    expect(last().address).toBe('/api/live?type=Patient&patient=wei');
    expect(sources.filter((source) => !source.closed)).toHaveLength(1);
    last().say('hello', { seq: 5, build: 'b' });
    last().say('changed', { seq: 6, types: { Patient: 1 }, patients: {}, missed: false });
    expect([list.mock.calls.length, chart.mock.calls.length]).toEqual([1, 0]);
    last().say('changed', { seq: 7, types: {}, patients: { wei: ['Observation'] } });
    expect([list.mock.calls.length, chart.mock.calls.length]).toEqual([1, 1]);
    last().say('changed', { seq: 8, missed: true });
    expect([list.mock.calls.length, chart.mock.calls.length]).toEqual([2, 2]);
    leave();
    await settled();
    expect(last().address).toBe('/api/live?patient=wei');
  });

  it('is opened once when one page takes the place of another', async () => {
    const live = stream();
    live.start();
    const leave = live.follow({ types: ['Patient'], onChange: vi.fn() });
    await settled();
    const count = sources.length;
    leave();
    live.follow({ patients: ['wei'], onChange: vi.fn() });
    await settled();
    expect(sources.slice(count).map((source) => source.address)).toEqual(['/api/live?patient=wei']);
  });

  it('comes back with growing waits, and asks again for what it may have missed', async () => {
    const live = stream();
    const chart = vi.fn();
    live.start();
    live.follow({ patients: ['wei'], onChange: chart });
    await settled();
    last().say('hello', { seq: 5, build: 'b' });
    for (const wait_ms of [...WAITS_MS, WAITS_MS.at(-1) ?? 0]) {
      const count = sources.length;
      last().say('error');
      expect(probes).toBeGreaterThan(0);
      vi.advanceTimersByTime(wait_ms - 1);
      expect(sources).toHaveLength(count);
      vi.advanceTimersByTime(1);
      expect(sources).toHaveLength(count + 1);
    }
    expect(chart).not.toHaveBeenCalled();
    last().say('hello', { seq: 5, build: 'b' });
    expect(chart, 'nothing happened meanwhile').not.toHaveBeenCalled();
    last().say('error');
    vi.advanceTimersByTime(WAITS_MS[0] ?? 0);
    last().say('hello', { seq: 9, build: 'b' });
    expect(chart).toHaveBeenCalledTimes(1);
  });

  it('takes silence for loss, and closes while nobody sees the page', () => {
    const live = stream();
    live.start();
    last().say('hello', { seq: 5, build: 'b' });
    vi.advanceTimersByTime(QUIET_MS - 1);
    last().say('position', { seq: 5 });
    vi.advanceTimersByTime(QUIET_MS - 1);
    expect(probes).toBe(0);
    vi.advanceTimersByTime(1);
    expect(probes).toBe(1);
    vi.advanceTimersByTime(WAITS_MS[0] ?? 0);
    const open = last();
    hidden = true;
    live.refresh();
    expect(open.closed).toBe(true);
    vi.advanceTimersByTime(60_000);
    expect(last(), 'none is opened').toBe(open);
  });

  it('ends with the session', () => {
    const live = stream();
    live.start();
    last().say('ended', { code: 'login' });
    expect(probes).toBe(1);
    vi.advanceTimersByTime(60_000);
    expect(sources).toHaveLength(1);
  });
});
