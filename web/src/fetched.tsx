/** The parts of the pages that are fetched when they are first shown, each with the words that it says (`i18n/`). */
import type { ReactNode } from 'react';
import { later, type Later } from './parts/later';
import { Waiting } from './parts/Waiting';

const lines = (count: number) => (failure: ReactNode) => failure ?? <Waiting lines={count} />;
const aside = (failure: ReactNode) => <aside className="where where-place">{failure}</aside>;

/** What a route shows. */
type Page = Later<object>;

export const SetUp: Page = later(async () => (await import('./signin/SetUp')).SetUp, []);
export const MePage: Page = later(async () => (await import('./me/MePage')).MePage, ['me']);
export const ChartPage: Page = later(async () => (await import('./chart/ChartPage')).ChartPage, ['chart']);
export const SqlPage: Page = later(async () => (await import('./sql/SqlPage')).SqlPage, ['sql', 'where']);
export const QualityPage: Page = later(async () => (await import('./quality/QualityPage')).QualityPage, ['quality', 'tables', 'where']);
export const SourcesPage: Page = later(async () => (await import('./sources/SourcesPage')).SourcesPage, ['tables']);
export const IntakePage: Page = later(async () => (await import('./intake/IntakePage')).IntakePage, ['intake', 'where']);
export const AdminPage: Page = later(async () => (await import('./admin/AdminPage')).AdminPage, ['admin']);
export const SourcePage: Page = later(async () => (await import('./sources/SourcePage')).SourcePage, ['tables']);

export const MedicinesTab = later(async () => (await import('./chart/medicines/MedicinesTab')).MedicinesTab, ['chart', 'course', 'medicines'], lines(12));
export const NotesTab = later(async () => (await import('./chart/notes/NotesTab')).NotesTab, ['chart', 'notes'], lines(12));
export const PrintView = later(async () => (await import('./chart/print/PrintView')).PrintView, ['chart', 'print'], lines(14));
export const VitalsTab = later(async () => (await import('./chart/course/VitalsTab')).VitalsTab, ['chart', 'course'], lines(12));

export const LicenceText = later(async () => (await import('./admin/LicenceText')).LicenceText, ['admin'], lines(12));
export const Codes = later(async () => (await import('./sources/Codes')).Codes, ['codes', 'tables'], lines(8));
export const CurrentTables = later(async () => (await import('./sources/CurrentTables')).CurrentTables, ['profile', 'tables'], lines(8));
export const Letters = later(async () => (await import('./sources/Letters')).Letters, ['letters', 'tables', 'where'], lines(8));
export const MappingTab = later(async () => (await import('./sources/mapping/MappingTab')).MappingTab, ['mapping', 'tables', 'where'], lines(12));
export const RowPanel = later(async () => (await import('./sources/RowPanel')).RowPanel, ['tables', 'where'], aside);
export const Runs = later(async () => (await import('./sources/Runs')).Runs, ['runs', 'tables'], lines(8));

export const Cells = later(async () => (await import('./parts/Cells')).Cells, ['where'], lines(8));
export const OmopRow = later(async () => (await import('./quality/OmopRow')).OmopRow, ['quality', 'where'], aside);
export const Trend = later(async () => (await import('./parts/Trend')).Trend, ['chart'], (failure) => <div className="trend-place">{failure}</div>);
export const WhereFrom = later(async () => (await import('./parts/WhereFrom')).WhereFrom, ['where'], aside);
