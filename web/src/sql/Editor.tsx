import { autocompletion, closeBrackets, closeCompletion, closeBracketsKeymap, completionKeymap, type Completion, type CompletionContext, type CompletionResult } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { PostgreSQL, sql, type SQLNamespace } from '@codemirror/lang-sql';
import { bracketMatching, HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { setDiagnostics } from '@codemirror/lint';
import { Compartment, EditorState, type Extension } from '@codemirror/state';
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { useEffect, useImperativeHandle, useRef, useState, type Ref } from 'react';
import type { SqlTable } from '../api/types';
import { tablesIn } from './catalogue';
import { charactersBefore, statementAt, type Statement } from './statement';

export interface EditorHandle {
  /** The statement that would run now. */
  statement: () => string;
  /** Everything that is written. */
  text: () => string;
  focus: () => void;
  /** Writes at the cursor. */
  insert: (text: string) => void;
  /** Writes in the place of everything; undo brings it back. */
  replace: (text: string) => void;
  /** Marks the place of an error in the statement run last, in bytes; `undefined` takes the mark away. */
  markError: (at_bytes: number | undefined, message: string) => void;
}

/** What would run now; it is kept, so that an error's place can be found again. */
function take(state: EditorState, last: { current: Statement }): string {
  const { from, to } = state.selection.main;
  last.current = statementAt(state.doc.toString(), from, to);
  return last.current.text;
}

interface Props {
  ref: Ref<EditorHandle>;
  label: string;
  start: string;
  tables: SqlTable[] | undefined;
  onRun: (sql: string) => void;
  onCancel: () => void;
}

const colours = HighlightStyle.define([
  { tag: tags.keyword, color: 'var(--accent)', fontWeight: '600' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--ok)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--warn)' },
  { tag: tags.comment, color: 'var(--muted)', fontStyle: 'italic' },
]);

const look = EditorView.theme({
  '&': { fontSize: 'var(--table)', backgroundColor: 'var(--panel)', color: 'var(--text)' },
  '.cm-content': { fontFamily: 'var(--mono)', caretColor: 'var(--text)', minHeight: '96px' },
  '.cm-gutters': { backgroundColor: 'var(--panel)', color: 'var(--muted)', border: 'none' },
  '.cm-activeLine': { backgroundColor: 'transparent' },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '&.cm-focused .cm-selectionBackground, .cm-selectionBackground': { backgroundColor: 'var(--select) !important' },
  // Its frame shows the focus: the gutter would cover the editor's own outline.
  '&.cm-focused': { outline: 'none' },
  '.cm-tooltip': { backgroundColor: 'var(--panel)', color: 'var(--text)', border: '1px solid var(--control)' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]': { backgroundColor: 'var(--select)', color: 'var(--text)' },
  '.cm-tooltip-autocomplete > ul > li': { minHeight: '24px', lineHeight: '24px' },
  '.cm-completionDetail': { color: 'var(--muted)', fontStyle: 'normal' },
  '.cm-completionInfo': { fontFamily: 'var(--sans)', maxWidth: '320px' },
  '.cm-diagnostic-error': { borderLeftColor: 'var(--danger)' },
  '.cm-lintRange-error': { backgroundImage: 'none', textDecoration: 'underline wavy var(--danger)' },
});

const columnsOf = (table: SqlTable, boost: number): Completion[] =>
  table.columns.map((column) => ({ label: column.name, type: 'property', detail: column.type, info: column.comment, boost }));

/** What SQL can be completed with: tables, columns behind a table's name or alias, and bare columns of the tables in use. */
function language(tables: SqlTable[]): Extension {
  const schema: SQLNamespace = Object.fromEntries(
    tables.map((table) => [table.name, { self: { label: table.name, type: 'type', info: table.comment }, children: columnsOf(table, 0) }]),
  );
  const bare = (context: CompletionContext): CompletionResult | null => {
    const word = context.matchBefore(/[A-Za-z_][A-Za-z0-9_]*$/);
    const from = word?.from ?? context.pos;
    if ((!word && !context.explicit) || context.state.sliceDoc(from - 1, from) === '.') return null;
    const text = context.state.doc.toString();
    const used = tablesIn(statementAt(text, context.pos, context.pos).text, tables);
    const seen = new Set<string>();
    const options = used.flatMap((table) => columnsOf(table, 1)).filter(({ label }) => !seen.has(label) && seen.add(label));
    return options.length > 0 ? { from, options, validFor: /^[A-Za-z0-9_]*$/ } : null;
  };
  return [sql({ dialect: PostgreSQL, upperCaseKeywords: true, schema }), PostgreSQL.language.data.of({ autocomplete: bare })];
}

/** How long Tab leaves the editor after Escape, whatever else that Escape closed. */
const LEAVE_MS = 2_000;

const leave = EditorView.domEventObservers({
  keydown: (event, view) => {
    if (event.key === 'Escape') view.setTabFocusMode(LEAVE_MS);
  },
});

/**
 * Typing over a selection. A browser would give what is typed the colours of what it takes the place of, by a style attribute, which
 * the page's policy forbids; so the editor writes it itself.
 */
const typeOver = EditorView.domEventHandlers({
  beforeinput: (event, view) => {
    const { from, to, empty } = view.state.selection.main;
    if (empty || event.inputType !== 'insertText' || !event.data || view.composing) return false;
    const text = event.data;
    const insert = () => view.state.update({ changes: { from, to, insert: text }, selection: { anchor: from + text.length }, userEvent: 'input.type', scrollIntoView: true });
    event.preventDefault();
    if (!view.state.facet(EditorView.inputHandler).some((handle) => handle(view, from, to, text, insert))) view.dispatch(insert());
    return true;
  },
});

export function Editor({ ref, label, start, tables, onRun, onCancel }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(undefined);
  const last = useRef<Statement>({ text: '', at: 0 });
  const acts = useRef({ onRun, onCancel });
  // What changes while the editor stays, and with it what is written.
  const [speech] = useState(() => new Compartment());
  const [words] = useState(() => new Compartment());
  useEffect(() => {
    acts.current = { onRun, onCancel };
  });

  useEffect(() => {
    if (!place.current) return undefined;
    const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce;
    const run = (target: EditorView): boolean => {
      closeCompletion(target);
      acts.current.onRun(take(target.state, last));
      return true;
    };
    const made = new EditorView({
      parent: place.current,
      state: EditorState.create({
        doc: start,
        selection: { anchor: start.length },
        extensions: [
          ...(nonce ? [EditorView.cspNonce.of(nonce)] : []),
          lineNumbers(),
          history(),
          drawSelection(),
          highlightActiveLine(),
          bracketMatching(),
          closeBrackets(),
          autocompletion({ icons: false }),
          speech.of(language([])),
          syntaxHighlighting(colours),
          look,
          EditorView.lineWrapping,
          typeOver,
          leave,
          words.of([]),
          keymap.of([
            { key: 'Mod-Enter', run },
            { key: 'Mod-.', run: () => (acts.current.onCancel(), true) },
            ...closeBracketsKeymap,
            ...completionKeymap,
            ...historyKeymap,
            ...defaultKeymap,
            indentWithTab,
          ]),
        ],
      }),
    });
    view.current = made;
    return () => made.destroy();
  }, [start, speech, words]);

  useEffect(() => {
    view.current?.dispatch({ effects: speech.reconfigure(language(tables ?? [])) });
  }, [tables, speech]);
  useEffect(() => {
    view.current?.dispatch({ effects: words.reconfigure(EditorView.contentAttributes.of({ 'aria-label': label, spellcheck: 'false', autocorrect: 'off', autocapitalize: 'none' })) });
  }, [label, words]);

  useImperativeHandle(
    ref,
    () => ({
      statement: () => (view.current ? take(view.current.state, last) : ''),
      text: () => view.current?.state.doc.toString() ?? '',
      focus: () => view.current?.focus(),
      insert: (text) => {
        const target = view.current;
        if (!target) return;
        const { from, to } = target.state.selection.main;
        const before = target.state.sliceDoc(from - 1, from);
        // A name is kept apart from a word that it would run into.
        const written = /[\w"]/.test(before) ? ` ${text}` : text;
        target.dispatch({ changes: { from, to, insert: written }, selection: { anchor: from + written.length }, scrollIntoView: true });
        target.focus();
      },
      replace: (text) => {
        const target = view.current;
        if (!target) return;
        target.dispatch({ changes: { from: 0, to: target.state.doc.length, insert: text }, selection: { anchor: text.length } });
        target.focus();
      },
      markError: (at_bytes, message) => {
        const target = view.current;
        if (!target) return;
        const at = last.current.at + charactersBefore(last.current.text, at_bytes ?? 0);
        const from = Math.min(at, target.state.doc.length);
        const word = target.state.wordAt(from);
        const mark = { from: word?.from ?? Math.max(0, Math.min(from, target.state.doc.length - 1)), to: word?.to ?? Math.min(from + 1, target.state.doc.length), severity: 'error' as const, message };
        target.dispatch(setDiagnostics(target.state, at_bytes === undefined ? [] : [mark]));
      },
    }),
    [],
  );

  return <div ref={place} className="editor" />;
}
