import type { Browser, BrowserContext } from 'playwright-core';
import { expect } from 'vitest';
import { launch, visitor, WIDE, type Look, type Watched } from './browser';
import { Demo, Server } from './program';
import { AMENDED, STAY } from './stay';
import { CORRECTION, MESSAGE, WARD } from './ward';

export const PASSWORD = 'seven east at three in the morning';
export const LOOK: Look = { language: 'en', theme: 'light', size: WIDE };

export type State = Awaited<ReturnType<BrowserContext['storageState']>>;

/** One browser, a server with the test ward, and the demo: what all page tests share. */
export class House {
  readonly server = new Server();
  readonly demo = new Demo();
  private open: Browser | undefined;
  /** What a signed-in clinician's browser holds. */
  signedIn: State | undefined;

  async start(): Promise<void> {
    const demo = this.demo.start();
    this.server.load('ward', WARD);
    this.server.load('correction', CORRECTION);
    this.server.load('stay', STAY);
    this.server.load('amended', AMENDED);
    this.server.message('oru', MESSAGE);
    await this.server.start();
    this.open = await launch();
    await demo;
  }

  async stop(): Promise<void> {
    await this.open?.close();
    await this.demo.stop();
    await this.server.remove();
  }

  get browser(): Browser {
    if (!this.open) throw new Error('the browser is not started');
    return this.open;
  }

  stranger(look: Look = LOOK): Promise<Watched> {
    return visitor(this.browser, look);
  }

  clinician(look: Look = LOOK): Promise<Watched> {
    return visitor(this.browser, look, this.signedIn);
  }
}

/** No console error, policy violation or failed request so far, and nothing that axe finds. */
export async function fine(watched: Watched): Promise<void> {
  // What the page was scrolled to may lie half under the top bar: that makes no target small.
  await watched.page.evaluate(() => globalThis.scrollTo(0, 0));
  expect(await watched.violations()).toEqual([]);
  expect(watched.problems).toEqual([]);
}
