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

const chinese = (...rooms: string[]): string[] => ['core', ...rooms].map((room) => `src/i18n/zh-Hans/${room}.json`);
const english = (...rooms: string[]): string[] => rooms.map((room) => `src/i18n/en/${room}.json`);
const source = ['index.html', 'src/sources/SourcePage.tsx'];

/** What a page may weigh, gzipped, in kB. */
const BUDGETS: [page: string, chunks: string[], scripts_kb: number][] = [
  ['sign-in', ['index.html'], 140],
  ['patients', ['index.html'], 140],
  ['patients in Chinese', ['index.html', ...chinese()], 140],
  ['chart', ['index.html', 'src/chart/ChartPage.tsx', ...english('chart')], 155],
  ['chart in Chinese with where-from and a trend', ['index.html', 'src/chart/ChartPage.tsx', 'src/parts/WhereFrom.tsx', 'src/parts/Trend.tsx', ...chinese('chart', 'where')], 165],
  ['vital signs over time', ['index.html', 'src/chart/ChartPage.tsx', 'src/chart/course/VitalsTab.tsx', ...english('chart', 'course')], 160],
  ['notes in Chinese', ['index.html', 'src/chart/ChartPage.tsx', 'src/chart/notes/NotesTab.tsx', ...chinese('chart', 'notes')], 165],
  ['medications in Chinese with where-from', ['index.html', 'src/chart/ChartPage.tsx', 'src/chart/medicines/MedicinesTab.tsx', 'src/parts/WhereFrom.tsx', ...chinese('chart', 'course', 'medicines', 'where')], 175],
  ['settings', ['index.html', 'src/me/MePage.tsx', ...english('me')], 155],
  ['admin in Chinese', ['index.html', 'src/admin/AdminPage.tsx', ...chinese('admin')], 160],
  ['intake in Chinese', ['index.html', 'src/intake/IntakePage.tsx', ...chinese('intake', 'where')], 170],
  ['sources', ['index.html', 'src/sources/SourcesPage.tsx', ...english('tables')], 155],
  ['a run in Chinese', [...source, 'src/sources/Runs.tsx', ...chinese('tables', 'runs')], 160],
  ['tables in Chinese', [...source, 'src/sources/CurrentTables.tsx', ...chinese('tables', 'profile')], 155],
  ['letters in Chinese with a row', [...source, 'src/sources/Letters.tsx', 'src/sources/RowPanel.tsx', ...chinese('tables', 'letters', 'where')], 160],
  ['quality in Chinese', ['index.html', 'src/quality/QualityPage.tsx', ...chinese('quality', 'tables', 'where')], 160],
  ['codes in Chinese', [...source, 'src/sources/Codes.tsx', ...chinese('tables', 'codes')], 155],
  ['mapping in Chinese', [...source, 'src/sources/mapping/MappingTab.tsx', ...chinese('tables', 'mapping', 'where')], 320],
  ['SQL in Chinese', ['index.html', 'src/sql/SqlPage.tsx', ...chinese('sql', 'where')], 320],
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
