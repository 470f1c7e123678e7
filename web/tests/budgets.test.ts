import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';

interface Chunk {
  file: string;
  isEntry?: boolean;
  imports?: string[];
  css?: string[];
}

const dist = new URL('../dist/', import.meta.url);
const KB = 1_000;

/** Everything that a page loads before it can be drawn: its files and all that they import at once. */
function firstLoad(manifest: Record<string, Chunk>, names: string[]): { scripts: Set<string>; styles: Set<string> } {
  const scripts = new Set<string>();
  const styles = new Set<string>();
  const add = (name: string): void => {
    const chunk = manifest[name];
    if (!chunk) throw new Error(`the manifest has no ${name}`);
    if (scripts.has(chunk.file)) return;
    scripts.add(chunk.file);
    for (const style of chunk.css ?? []) styles.add(style);
    for (const other of chunk.imports ?? []) add(other);
  };
  for (const name of names) add(name);
  return { scripts, styles };
}

const size = (files: Set<string>): number => [...files].reduce((sum, file) => sum + gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length, 0);

/** What a page may weigh, gzipped, in kB. */
const BUDGETS: [page: string, chunks: string[], scripts_kb: number][] = [
  ['sign-in', ['index.html'], 180],
  ['patients', ['index.html'], 180],
  ['patients in Chinese', ['index.html', 'src/i18n/zh-Hans.json'], 180],
  ['chart', ['index.html', 'src/chart/ChartPage.tsx'], 180],
  ['chart in Chinese with where-from and a trend', ['index.html', 'src/i18n/zh-Hans.json', 'src/chart/ChartPage.tsx', 'src/parts/WhereFrom.tsx', 'src/parts/Trend.tsx'], 180],
  ['settings', ['index.html', 'src/me/MePage.tsx'], 180],
  ['sources', ['index.html', 'src/sources/SourcesPage.tsx'], 180],
  ['a run in Chinese', ['index.html', 'src/i18n/zh-Hans.json', 'src/sources/SourcePage.tsx', 'src/sources/Runs.tsx'], 180],
  ['quality', ['index.html', 'src/quality/QualityPage.tsx'], 180],
  ['codes', ['index.html', 'src/sources/SourcePage.tsx', 'src/sources/Codes.tsx'], 180],
  ['mapping', ['index.html', 'src/sources/SourcePage.tsx', 'src/sources/mapping/MappingTab.tsx'], 330],
  ['SQL', ['index.html', 'src/sql/SqlPage.tsx'], 330],
];
const STYLES_KB = 25;

describe('the first load stays within its budget', () => {
  const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist), 'utf8')) as Record<string, Chunk>;
  it.each(BUDGETS)('%s', (_, chunks, most_kb) => {
    const { scripts, styles } = firstLoad(manifest, chunks);
    expect(Math.ceil(size(scripts) / KB)).toBeLessThanOrEqual(most_kb);
    expect(Math.ceil(size(styles) / KB)).toBeLessThanOrEqual(STYLES_KB);
  });
});
