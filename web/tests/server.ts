import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const repository = new URL('../../', import.meta.url).pathname;

/** The program under test: `MEDWEAVE_BINARY`, else what cargo built last. */
function binary(): string {
  const target = process.env['CARGO_TARGET_DIR'] ?? join(repository, 'target');
  const candidates = [process.env['MEDWEAVE_BINARY'], join(target, 'debug/medweave'), join(target, 'release/medweave')];
  const found = candidates.find((path) => path !== undefined && existsSync(path));
  if (!found) throw new Error('no medweave program: run `cargo build -p medweave` first, or set MEDWEAVE_BINARY');
  return found;
}

/** A real server on a directory of its own. */
export class Server {
  readonly folder = mkdtempSync(join(tmpdir(), 'medweave-pages-'));
  readonly data = join(this.folder, 'data');
  address = '127.0.0.1:0';
  private process: ChildProcess | undefined;
  private log = '';

  /** Runs a command on the directory and gives what it printed. */
  command(args: string[], input = ''): string {
    const done = spawnSync(binary(), ['--data', this.data, ...args], {
      encoding: 'utf8',
      cwd: this.folder,
      timeout: 30_000,
      ...(input ? { input } : { stdio: ['ignore', 'pipe', 'pipe'] as const }),
    });
    if (done.status !== 0) throw new Error(`medweave ${args.join(' ')}: ${done.error?.message ?? ''}${done.stderr}${done.stdout}`);
    return done.stdout;
  }

  /** Imports resources given as JSON. */
  load(name: string, resources: object[]): void {
    const file = join(this.folder, `${name}.json`);
    const entry = resources.map((resource) => {
      const { resourceType, id } = resource as { resourceType: string; id: string };
      return { resource, request: { method: 'PUT', url: `${resourceType}/${id}` } };
    });
    // A number's last zero is the laboratory's: JSON.stringify would drop it.
    const text = JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry }, null, 1).replaceAll('"value": 7.8,', '"value": 7.80,');
    writeFileSync(file, text);
    this.command(['import', file, '--json', '--source', 'ward-test']);
  }

  /** Imports an HL7 v2 message. */
  message(name: string, segments: string[]): void {
    const file = join(this.folder, `${name}.hl7`);
    writeFileSync(file, `${segments.join('\r')}\r`);
    this.command(['import', file, '--json', '--source', 'laboratory']);
  }

  async start(): Promise<void> {
    const ready = join(this.folder, 'ready.json');
    rmSync(ready, { force: true });
    const child = spawn(binary(), ['--data', this.data, 'serve', '--http', this.address, '--ready-file', ready], {
      env: { ...process.env, TZ: 'Asia/Shanghai' },
      cwd: this.folder,
    });
    this.process = child;
    child.stderr.on('data', (text: Buffer) => (this.log += text.toString()));
    child.stdout.on('data', (text: Buffer) => (this.log += text.toString()));
    const deadline = Date.now() + 30_000;
    while (!existsSync(ready)) {
      if (child.exitCode !== null || Date.now() > deadline) throw new Error(`the server did not start: ${this.log}`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    const { http } = JSON.parse(readFileSync(ready, 'utf8')) as { http: string };
    // The next start takes the same port, so that pages find it again.
    this.address = http;
  }

  async stop(): Promise<void> {
    const child = this.process;
    if (!child || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
  }

  /** The path of the link that the program printed for making the first account. */
  setupPath(): string {
    const path = /https?:\/\/[^/\s]+(\/setup\S+)/.exec(this.log)?.[1];
    if (!path) throw new Error(`no set-up link in: ${this.log}`);
    return path;
  }

  url(path: string): string {
    return `http://${this.address}${path}`;
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The synthetic hospital, as a newcomer starts it: `medweave demo`, real ports, going on while one looks. */
export class Demo {
  private process: ChildProcess | undefined;
  private log = '';
  address = '';

  async start(): Promise<void> {
    const child = spawn(binary(), ['demo', '--http', '127.0.0.1:0', '--mllp', '127.0.0.1:0', '--speed', '1'], { env: { ...process.env, TZ: 'Asia/Shanghai' }, cwd: tmpdir() });
    this.process = child;
    child.stderr.on('data', (text: Buffer) => (this.log += text.toString()));
    child.stdout.on('data', (text: Buffer) => (this.log += text.toString()));
    const deadline = Date.now() + 60_000;
    for (;;) {
      this.address = /^https?:\/\/([^/\s]+)\//m.exec(this.log)?.[1] ?? '';
      if (this.address) return;
      if (child.exitCode !== null || Date.now() > deadline) throw new Error(`the demo did not start: ${this.log}`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  url(path: string): string {
    return `http://${this.address}${path}`;
  }

  /** What the program printed last, on a line of its own: the one link. */
  link(): string {
    const link = /^https?:\/\/\S+$/m.exec(this.log)?.[0];
    if (!link) throw new Error(`no link in: ${this.log}`);
    return link;
  }

  async stop(): Promise<void> {
    const child = this.process;
    if (!child || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
  }
}
