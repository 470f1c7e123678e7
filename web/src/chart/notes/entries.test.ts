import { describe, expect, it } from 'vitest';
import { bytesOf } from '../../parts/bytes';
import type { Brought, Resource } from '../batch';
import { attachmentOf, binaryOf, fileName, formOf, imageType, textOf } from './attachment';
import { entryOf, hasMore, listOf, standingOf } from './entries';

const ZONE = 'Asia/Shanghai';
const found = (all: Resource[], next?: string): Brought => ({ status: 200, found: all, included: [], ...(next !== undefined && { next }) });
const none = found([]);

const document = (id: string, date: string, more: object = {}): Resource => ({ resourceType: 'DocumentReference', id, status: 'current', date, description: id, content: [], ...more });
const report = (id: string, effectiveDateTime: string, more: object = {}): Resource => ({ resourceType: 'DiagnosticReport', id, status: 'final', code: { text: id }, effectiveDateTime, ...more });

describe('an entry', () => {
  it('has the status that counts', () => {
    expect(entryOf(document('a', '2026', { docStatus: 'preliminary' }))).toMatchObject({ status: 'preliminary', standing: 'preliminary' });
    expect(entryOf(document('a', '2026', { status: 'superseded', docStatus: 'final' }))).toMatchObject({ status: 'superseded', standing: 'replaced' });
    expect(entryOf(report('a', '2026', { status: 'entered-in-error' })).standing).toBe('wrong');
    expect(standingOf('constructor')).toBe('stands');
  });

  it('is a panel where it only gathers results', () => {
    const result = [{ reference: 'Observation/1' }];
    const laboratory = [{ coding: [{ code: 'LAB' }] }];
    expect(entryOf(report('a', '2026', { result })).isPanel).toBe(true);
    expect(entryOf(report('a', '2026', { category: laboratory })).isPanel).toBe(true);
    expect(entryOf(report('a', '2026', { result, conclusion: 'Normal.' })).isPanel).toBe(false);
    expect(entryOf(report('a', '2026')).isPanel).toBe(false);
  });
});

describe('the list', () => {
  it('has newest first, a document and its narrative as one, and says what replaces what', () => {
    const list = listOf(
      [
        [
          found([report('r', '2026-02-01')]),
          found([document('new', '2026-03-01', { relatesTo: [{ code: 'replaces', target: { reference: 'DocumentReference/old' } }], context: { related: [{ reference: 'Composition/c/_history/2' }] } }), document('old', '2026-01-01')]),
          found([{ resourceType: 'Composition', id: 'c', status: 'final', date: '2026-03-01', title: 'c' }]),
        ],
      ],
      ZONE,
    );
    expect(list.entries.map(({ ref }) => ref)).toEqual(['DocumentReference/new', 'DiagnosticReport/r', 'DocumentReference/old']);
    expect(list.entries[0]?.sections).toBe('Composition/c');
    expect(list.entries[2]?.replacedBy).toBe('DocumentReference/new');
    expect(hasMore(list)).toBe(false);
  });

  it('shows nothing older than a search that goes on reaches: something newer may still come', () => {
    const first = [found([report('a', '2026-03-01'), report('b', '2026-02-01')], 'DiagnosticReport?_page=2'), found([document('d', '2026-01-15')]), none];
    const list = listOf([first], ZONE);
    expect(list.entries.map(({ title }) => title)).toEqual(['a', 'b']);
    expect(hasMore(list)).toBe(true);
    const whole = listOf([first, [found([report('c', '2026-01-20')]), none, none]], ZONE);
    expect(whole.entries.map(({ title }) => title)).toEqual(['a', 'b', 'c', 'd']);
    expect(hasMore(whole)).toBe(false);
  });

  it('keeps what has no date, at the end, and tells what may not be read', () => {
    const list = listOf([[{ ...none, status: 403 }, found([{ ...document('x', ''), date: undefined }, document('y', '2026')]), { ...none, status: 500 }]], ZONE);
    expect(list.entries.map(({ title }) => title)).toEqual(['y', 'x']);
    expect([list.withheld, list.failed]).toEqual([['DiagnosticReport'], ['Composition']]);
  });
});

describe('an attachment', () => {
  const bytes = (text: string) => new TextEncoder().encode(text);

  it('is read as it says', () => {
    expect(attachmentOf({ contentType: 'Text/Plain; charset="gb18030"', data: 'eA==', size: 1 })).toEqual({ media: 'text/plain', charset: 'gb18030', data: 'eA==', size: 1 });
    expect(textOf(new Uint8Array([0xb2, 0xa1, 0xc0, 0xfa]), 'gb18030').text).toBe('病历');
    expect(textOf(bytes('<?xml version="1.0" encoding="iso-8859-1"?>é'), undefined).charset).toBe('utf-8');
  });

  it.each([
    ['text/plain', 'x', 'text'],
    ['', 'x', 'text'],
    ['', '<?xml version="1.0"?>', 'xml'],
    ['', '\u0000\u0001', 'other'],
    ['application/hl7-cda+xml', '<a/>', 'xml'],
    ['text/html', '<p>', 'html'],
    ['image/svg+xml', '<svg/>', 'other'],
    ['text/rtf', '{\\rtf1', 'other'],
    ['application/octet-stream', '%PDF-1.4', 'pdf'],
    ['text/plain', '%PDF-1.4', 'pdf'],
  ])('of %s that begins with %j is shown as its form', (media, text, form) => {
    expect(formOf(media, bytes(text))).toBe(form);
  });

  it('is fetched from this server alone', () => {
    const origin = 'https://medweave.example';
    expect(binaryOf('Binary/1', origin)).toBe('Binary/1');
    expect(binaryOf(`${origin}/fhir/Binary/1/_history/2`, origin)).toBe('Binary/1/_history/2');
    expect(binaryOf('https://other.example/fhir/Binary/1', origin)).toBeUndefined();
    expect(binaryOf('../api/session', origin)).toBeUndefined();
    expect(binaryOf('Binary/1?x', origin)).toBeUndefined();
  });

  it('has bytes only where it is base64, and a picture only where it begins as one', () => {
    expect(bytesOf(' eH k= ')).toEqual(bytes('xy'));
    expect(bytesOf('no base64!')).toBeUndefined();
    expect(imageType(bytes('<html>'))).toBeUndefined();
    expect(imageType(new Uint8Array([0x89, 0x50, 0x4e, 0x47]))).toBe('image/png');
  });

  it('is saved under a name that names nobody', () => {
    expect(fileName('DocumentReference/a1', 0, 'application/pdf')).toBe('DocumentReference-a1.pdf');
    expect(fileName('DocumentReference/a1', 1, 'constructor')).toBe('DocumentReference-a1-2.bin');
  });
});
