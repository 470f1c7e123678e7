import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const screens = new URL('../../target/screens/', import.meta.url).pathname;

export const WIDE = { width: 1440, height: 900 };
export const PHONE = { width: 390, height: 844 };

/** How long anything is waited for: a page that is slow on a busy machine is not wrong. */
export const WAIT_MS = 60_000;

export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
}

interface Checker {
  run: (context: Document, options: { runOnly: { type: string; values: string[] }; resultTypes: string[] }) => Promise<{ violations: { id: string; nodes: { html: string }[] }[] }>;
}

/** A page that remembers what went wrong on it. */
export class Watched {
  readonly problems: string[] = [];
  /** Statuses that the test makes happen. */
  readonly expected = new Set<number>();
  /** Requests that found no server, while the test has it off. */
  offline = false;

  constructor(readonly page: Page) {
    page.on('pageerror', (error) => this.problems.push(`error: ${error.message}`));
    page.on('console', (message) => {
      if (message.type() !== 'error') return;
      // What the network says is judged below, by status.
      if (/Failed to load resource/.test(message.text())) return;
      this.problems.push(`console: ${message.text()}`);
    });
    // The pages work unplugged: whatever they ask for, they ask of the server they came from.
    page.on('request', (request) => {
      const { protocol, host } = new URL(request.url());
      if (/^https?:$/.test(protocol) && host !== new URL(page.url().startsWith('http') ? page.url() : request.url()).host) this.problems.push(`asks elsewhere: ${request.url()}`);
    });
    page.on('response', (response) => {
      if (response.status() >= 400 && !this.expected.has(response.status())) this.problems.push(`${response.status()} ${response.url()}`);
    });
    page.on('requestfailed', (request) => {
      const why = request.failure()?.errorText ?? '';
      if (!this.offline && !/ERR_ABORTED/.test(why)) this.problems.push(`${why} ${request.url()}`);
    });
  }

  /** Violations of WCAG 2.2 A and AA that axe sees, or of contrast alone: all that a theme can change. */
  async violations(of: 'everything' | 'contrast' = 'everything'): Promise<string[]> {
    const runOnly = of === 'contrast' ? { type: 'rule', values: ['color-contrast'] } : { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'] };
    return this.page.evaluate(async (only) => {
      const { axe: checker } = globalThis as unknown as { axe: Checker };
      const { violations } = await checker.run(document, { runOnly: only, resultTypes: ['violations'] });
      return violations.map((v) => `${v.id}: ${v.nodes.map((node) => node.html.slice(0, 200)).join(' | ')}`);
    }, runOnly);
  }

  async shot(name: string): Promise<void> {
    mkdirSync(screens, { recursive: true });
    await this.page.screenshot({ path: `${screens}${name}.png` });
  }

  close(): Promise<void> {
    return this.page.context().close();
  }
}

export interface Look {
  language: 'en' | 'zh-Hans';
  theme: 'light' | 'dark' | 'night';
  size: { width: number; height: number };
}

/** A fresh visitor whose browser has chosen a language and a theme. */
export async function visitor(browser: Browser, { language, theme, size }: Look, state?: Awaited<ReturnType<BrowserContext['storageState']>>): Promise<Watched> {
  const context = await browser.newContext({
    viewport: size,
    locale: language === 'en' ? 'en-GB' : 'zh-CN',
    timezoneId: 'Asia/Shanghai',
    hasTouch: size.width < 768,
    ...(state && { storageState: state }),
  });
  context.setDefaultTimeout(WAIT_MS);
  await context.addInitScript(
    ([lang, look]) => {
      localStorage.setItem('medweave.language', lang);
      localStorage.setItem('medweave.theme', look);
    },
    [language, theme] as const,
  );
  // Runs before the page and outside its policy; it only defines `axe`.
  await context.addInitScript({ content: axe });
  return new Watched(await context.newPage());
}
