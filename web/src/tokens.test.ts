import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const css = readFileSync(new URL('./tokens.css', import.meta.url), 'utf8');

function tokensOf(theme: string): Map<string, string> {
  const block = new RegExp(`\\[data-theme='${theme}'\\] \\{([^}]*)\\}`).exec(css)?.[1] ?? '';
  return new Map([...block.matchAll(/--([a-z-]+): (#[0-9a-f]{6});/g)].map((m) => [m[1] ?? '', m[2] ?? '']));
}

/** Relative luminance and contrast as WCAG 2.2 defines them. */
function luminance(colour: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

describe.each(['dark', 'light', 'night'])('%s theme', (theme) => {
  const tokens = tokensOf(theme);
  const colour = (name: string) => tokens.get(name) ?? expect.fail(`${theme} has no --${name}`);

  it.each(['text', 'muted', 'accent', 'ok', 'warn', 'danger'])('%s reads on every ground it stands on', (name) => {
    for (const ground of ['bg', 'panel', 'raised', 'select']) {
      expect(contrast(colour(name), colour(ground)), `${name} on ${ground}`).toBeGreaterThanOrEqual(4.5);
    }
  });

  it('text reads on marked bytes and on the accent', () => {
    expect(contrast(colour('text'), colour('mark'))).toBeGreaterThanOrEqual(4.5);
    expect(contrast(colour('on-accent'), colour('accent'))).toBeGreaterThanOrEqual(4.5);
  });

  it('control borders stand out from their ground', () => {
    for (const ground of ['bg', 'panel']) {
      expect(contrast(colour('control'), colour(ground)), ground).toBeGreaterThanOrEqual(3);
    }
  });
});

it('no other style sheet or page names a colour', () => {
  const here = new URL('.', import.meta.url).pathname;
  const naming = readdirSync(here, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(css|tsx)$/.test(name) && name !== 'tokens.css')
    .filter((name) => /#[0-9a-f]{3,8}\b|rgba?\(|hsla?\(|oklch\(/i.test(readFileSync(`${here}${name}`, 'utf8')));
  expect(naming).toEqual([]);
});
