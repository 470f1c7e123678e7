import { noteLive, noteSilence } from './connection';
import { isLocked, setLocked } from './lock';

/** What a page shows and what it does when that has changed. */
export interface Interest {
  types?: string[];
  patients?: string[];
  onChange: () => void;
}

/** The parts of a browser that the stream needs; tests bring their own. */
export interface Surroundings {
  open: (address: string) => Pick<EventSource, 'addEventListener' | 'close'>;
  /** Whether anybody can see the page: a hidden one holds no connection. */
  hidden: () => boolean;
  /** Asks the server whether it is there and who one is; what it says is acted on there. */
  probe: () => void;
  random: () => number;
}

/** The server says where it is every 5 s: silence for so long means that the connection is lost. */
export const QUIET_MS = 15_000;
/** Waits before further tries; the last one repeats. A fifth more or less keeps pages from coming back all at once. */
export const WAITS_MS = [250, 1_000, 2_000, 4_000, 8_000, 15_000];

interface Changed {
  types?: Record<string, number>;
  patients?: Record<string, string[]>;
  missed?: boolean;
}

/**
 * One stream of server-sent events for everything that is on the page. It carries no content: who is told asks again. After a
 * break everything is asked for again if the feed has moved on.
 */
export class LiveStream {
  private readonly interests = new Set<Interest>();
  private source: ReturnType<Surroundings['open']> | undefined;
  private address = '';
  private running = false;
  private tries = 0;
  private seq: number | undefined;
  private settling = false;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private quiet: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly around: Surroundings) {}

  start(): void {
    this.running = true;
    this.refresh();
  }

  stop(): void {
    this.running = false;
    this.seq = undefined;
    this.close();
  }

  follow(interest: Interest): () => void {
    this.interests.add(interest);
    this.settle();
    return () => {
      this.interests.delete(interest);
      this.settle();
    };
  }

  /** A page that goes and the one that comes in its place change the interests together: one stream is opened anew, not two. */
  private settle(): void {
    if (this.settling) return;
    this.settling = true;
    queueMicrotask(() => {
      this.settling = false;
      this.refresh();
    });
  }

  /** Opens, closes or opens anew, as what is shown asks for. */
  refresh(): void {
    if (!this.running || this.around.hidden() || isLocked()) {
      this.close();
      return;
    }
    const wanted = this.wanted();
    if (this.source && wanted === this.address) return;
    this.close();
    this.address = wanted;
    const source = this.around.open(wanted);
    this.source = source;
    const on = (name: string, does: (data: Record<string, unknown>) => void) =>
      source.addEventListener(name, (event) => {
        if (this.source === source) does(dataOf(event));
      });
    on('hello', ({ seq, build }) => {
      this.tries = 0;
      this.heard(typeof build === 'string' ? build : undefined);
      if (this.seq !== undefined && this.seq !== seq) this.tell(() => true);
      this.seq = Number(seq);
    });
    on('changed', (data) => {
      this.heard();
      this.seq = Number(data['seq']);
      const { types = {}, patients = {}, missed = false } = data as Changed;
      this.tell((one) => missed || (one.types ?? []).some((type) => type in types) || (one.patients ?? []).some((id) => id in patients));
    });
    on('position', ({ seq }) => {
      this.heard();
      this.seq = Number(seq);
    });
    on('ended', ({ code }) => {
      this.close();
      if (code === 'locked') setLocked(true);
      else if (code === 'login') this.around.probe();
      else this.again();
    });
    on('error', () => this.lost());
    this.listen();
  }

  /** Tries at once, whatever the wait was. */
  hurry(): void {
    this.tries = 0;
    this.close();
    this.refresh();
  }

  private wanted(): string {
    const all = (list: (one: Interest) => string[] | undefined) => [...new Set([...this.interests].flatMap((one) => list(one) ?? []))].toSorted().join(',');
    const query = new URLSearchParams();
    const [types, patients] = [all((one) => one.types), all((one) => one.patients)];
    if (types) query.set('type', types);
    if (patients) query.set('patient', patients);
    return query.size > 0 ? `/api/live?${query}` : '/api/live';
  }

  private tell(concerned: (one: Interest) => boolean): void {
    for (const one of this.interests) if (concerned(one)) one.onChange();
  }

  private heard(build?: string): void {
    noteLive(build);
    this.listen();
  }

  private listen(): void {
    clearTimeout(this.quiet);
    this.quiet = setTimeout(() => this.lost(), QUIET_MS);
  }

  private lost(): void {
    this.close();
    // Whether it is the network, the server or the session, one request tells.
    this.around.probe();
    this.again();
  }

  private again(): void {
    const wait_ms = WAITS_MS[Math.min(this.tries, WAITS_MS.length - 1)] ?? QUIET_MS;
    this.tries += 1;
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.refresh(), wait_ms * (0.8 + 0.4 * this.around.random()));
  }

  private close(): void {
    clearTimeout(this.retry);
    clearTimeout(this.quiet);
    if (!this.source) return;
    this.source.close();
    this.source = undefined;
    noteSilence();
  }
}

function dataOf(event: Event): Record<string, unknown> {
  if (!(event instanceof MessageEvent) || typeof event.data !== 'string') return {};
  try {
    const data: unknown = JSON.parse(event.data);
    return typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
