import { closeCompletion, type Completion, type CompletionContext, type CompletionResult } from '@codemirror/autocomplete';
import { PostgreSQL, sql, type SQLNamespace } from '@codemirror/lang-sql';
import { setDiagnostics } from '@codemirror/lint';
import { Compartment, EditorState, type Extension } from '@codemirror/state';
import { EditorView } from '@codemirror/view';
import { useEffect, useImperativeHandle, useRef, useState, type Ref } from 'react';
import type { SqlTable } from '../api/types';
import { tablesIn } from './catalogue';
import { editing, labelled } from './editing';
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
          speech.of(language([])),
          words.of([]),
          editing([
            { key: 'Mod-Enter', run },
            { key: 'Mod-.', run: () => (acts.current.onCancel(), true) },
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
    view.current?.dispatch({ effects: words.reconfigure(labelled(label)) });
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
