import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const repository = new URL('../../', import.meta.url).pathname;
/** How long a program may take until it can be asked; a debug build on a busy machine is slow. */
const START_MS = 150_000;

/** The program under test: `MEDWEAVE_BINARY`, else what cargo built last. */
function binary(): string {
  const target = process.env['CARGO_TARGET_DIR'] ?? join(repository, 'target');
  const candidates = [process.env['MEDWEAVE_BINARY'], join(target, 'debug/medweave'), join(target, 'release/medweave')];
  const found = candidates.find((path) => path !== undefined && existsSync(path));
  if (!found) throw new Error('no medweave program: run `cargo build -p medweave` first, or set MEDWEAVE_BINARY');
  return found;
}

/** A running program, and what it has printed so far. */
class Program {
  private child: ChildProcess | undefined;
  log = '';

  /** Starts it and waits until `ready` gives something. */
  async start<T>(args: string[], cwd: string, ready: () => T | undefined): Promise<T> {
    const child = spawn(binary(), args, { env: { ...process.env, TZ: 'Asia/Shanghai' }, cwd });
    this.child = child;
    this.log = '';
    const hear = (text: Buffer) => (this.log += text.toString());
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    const deadline_ms = Date.now() + START_MS;
    for (;;) {
      const found = ready();
      if (found !== undefined) return found;
      if (child.exitCode !== null || Date.now() > deadline_ms) throw new Error(`medweave ${args.join(' ')} did not become ready: ${this.log}`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  async stop(): Promise<void> {
    const child = this.child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
  }
}

/** A real server on a directory of its own. */
export class Server {
  private readonly folderOfAll = mkdtempSync(join(tmpdir(), 'medweave-pages-'));
  private readonly data = join(this.folderOfAll, 'data');
  private readonly program = new Program();
  address = '127.0.0.1:0';

  /** Runs a command on the directory and gives what it printed. */
  command(args: string[], input = ''): string {
    const done = spawnSync(binary(), ['--data', this.data, ...args], {
      encoding: 'utf8',
      cwd: this.folderOfAll,
      timeout: START_MS,
      ...(input ? { input } : { stdio: ['ignore', 'pipe', 'pipe'] as const }),
    });
    if (done.status !== 0) throw new Error(`medweave ${args.join(' ')}: ${done.error?.message ?? ''}${done.stderr}${done.stdout}`);
    return done.stdout;
  }

  /** Imports resources given as JSON. */
  load(name: string, resources: object[]): void {
    const entry = resources.map((resource) => {
      const { resourceType, id } = resource as { resourceType: string; id: string };
      return { resource, request: { method: 'PUT', url: `${resourceType}/${id}` } };
    });
    // A number's last zero is the laboratory's: JSON.stringify would drop it.
    const text = JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry }, null, 1).replaceAll('"value": 7.8,', '"value": 7.80,');
    this.import(`${name}.json`, text, 'ward-test');
  }

  /** Writes files into a folder beside the server's data, and gives its path. */
  folder(name: string, files: Record<string, string>): string {
    const at = join(this.folderOfAll, name);
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(at, path)), { recursive: true });
      writeFileSync(join(at, path), text);
    }
    return at;
  }

  /** Imports an HL7 v2 message. */
  message(name: string, segments: string[]): void {
    this.import(`${name}.hl7`, `${segments.join('\r')}\r`, 'laboratory');
  }

  private import(name: string, text: string, source: string): void {
    const file = join(this.folderOfAll, name);
    writeFileSync(file, text);
    this.command(['import', file, '--json', '--source', source]);
  }

  async start(): Promise<void> {
    const ready = join(this.folderOfAll, 'ready.json');
    rmSync(ready, { force: true });
    const text = await this.program.start(['--data', this.data, 'serve', '--http', this.address, '--ready-file', ready], this.folderOfAll, () =>
      existsSync(ready) ? readFileSync(ready, 'utf8') : undefined,
    );
    // The next start takes the same port, so that pages find it again.
    this.address = (JSON.parse(text) as { http: string }).http;
  }

  stop(): Promise<void> {
    return this.program.stop();
  }

  /** The path of the link that the program printed for making the first account. */
  setupPath(): string {
    const path = /https?:\/\/[^/\s]+(\/setup\S+)/.exec(this.program.log)?.[1];
    if (!path) throw new Error(`no set-up link in: ${this.program.log}`);
    return path;
  }

  url(path: string): string {
    return `http://${this.address}${path}`;
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.folderOfAll, { recursive: true, force: true });
  }
}

/** The synthetic hospital, as a newcomer starts it: `medweave demo`, real ports, going on while one looks. */
export class Demo {
  private readonly program = new Program();
  /** What the program prints last, on a line of its own: the one link. */
  link = '';

  async start(): Promise<void> {
    const args = ['demo', '--http', '127.0.0.1:0', '--mllp', '127.0.0.1:0', '--speed', '1'];
    this.link = await this.program.start(args, tmpdir(), () => /^https?:\/\/\S+$/m.exec(this.program.log)?.[0]);
  }

  url(path: string): string {
    return new URL(path, this.link).href;
  }

  stop(): Promise<void> {
    return this.program.stop();
  }
}
