import type admin from './en/admin.json';
import type chart from './en/chart.json';
import type codes from './en/codes.json';
import core from './en/core.json';
import type course from './en/course.json';
import type intake from './en/intake.json';
import type letters from './en/letters.json';
import type mapping from './en/mapping.json';
import type me from './en/me.json';
import type medicines from './en/medicines.json';
import type notes from './en/notes.json';
import type print from './en/print.json';
import type profile from './en/profile.json';
import type quality from './en/quality.json';
import type runs from './en/runs.json';
import type sql from './en/sql.json';
import type tables from './en/tables.json';
import type where from './en/where.json';

/** Languages of the pages, by BCP 47 tag. */
export const LANGUAGES = { en: 'English', 'zh-Hans': '简体中文' } as const;
export type Language = keyof typeof LANGUAGES;

type Texts = typeof admin & typeof chart & typeof codes & typeof core & typeof course & typeof intake & typeof letters & typeof mapping & typeof me & typeof medicines & typeof notes & typeof print & typeof profile & typeof quality & typeof runs & typeof sql & typeof tables & typeof where;
/** A message of the catalogue. */
export type Key = keyof Texts;

/** English words that all pages say: they are always there. */
export const ALWAYS = core;

/** Part of the catalogue: what all pages say is `core`, the others come with the pages that say them. */
export type Room = 'admin' | 'chart' | 'codes' | 'core' | 'course' | 'intake' | 'letters' | 'mapping' | 'me' | 'medicines' | 'notes' | 'print' | 'profile' | 'quality' | 'runs' | 'sql' | 'tables' | 'where';

type Fetch = () => Promise<{ default: Partial<Record<Key, string>> }>;

export const ROOMS: Record<Language, Record<Room, Fetch>> = {
  en: {
    admin: () => import('./en/admin.json'),
    chart: () => import('./en/chart.json'),
    codes: () => import('./en/codes.json'),
    core: () => Promise.resolve({ default: core }),
    course: () => import('./en/course.json'),
    intake: () => import('./en/intake.json'),
    letters: () => import('./en/letters.json'),
    mapping: () => import('./en/mapping.json'),
    me: () => import('./en/me.json'),
    medicines: () => import('./en/medicines.json'),
    notes: () => import('./en/notes.json'),
    print: () => import('./en/print.json'),
    profile: () => import('./en/profile.json'),
    quality: () => import('./en/quality.json'),
    runs: () => import('./en/runs.json'),
    sql: () => import('./en/sql.json'),
    tables: () => import('./en/tables.json'),
    where: () => import('./en/where.json'),
  },
  'zh-Hans': {
    admin: () => import('./zh-Hans/admin.json'),
    chart: () => import('./zh-Hans/chart.json'),
    codes: () => import('./zh-Hans/codes.json'),
    core: () => import('./zh-Hans/core.json'),
    course: () => import('./zh-Hans/course.json'),
    intake: () => import('./zh-Hans/intake.json'),
    letters: () => import('./zh-Hans/letters.json'),
    mapping: () => import('./zh-Hans/mapping.json'),
    me: () => import('./zh-Hans/me.json'),
    medicines: () => import('./zh-Hans/medicines.json'),
    notes: () => import('./zh-Hans/notes.json'),
    print: () => import('./zh-Hans/print.json'),
    profile: () => import('./zh-Hans/profile.json'),
    quality: () => import('./zh-Hans/quality.json'),
    runs: () => import('./zh-Hans/runs.json'),
    sql: () => import('./zh-Hans/sql.json'),
    tables: () => import('./zh-Hans/tables.json'),
    where: () => import('./zh-Hans/where.json'),
  },
};
