import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { PostgreSQL, sql } from '@codemirror/lang-sql';
import { bracketMatching, HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { setDiagnostics } from '@codemirror/lint';
import { EditorState } from '@codemirror/state';
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { useEffect, useImperativeHandle, useRef, type Ref } from 'react';
import { charactersBefore, statementAt, type Statement } from './statement';

export interface EditorHandle {
  text: () => string;
  focus: () => void;
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
  onRun: (sql: string) => void;
  onCancel: () => void;
}

/** Tables of the lake with what a question most often names; the server's catalogue says the rest. */
const TABLES = [
  'patient', 'encounter', 'condition', 'observation', 'medication_request', 'medication_administration', 'procedure', 'diagnostic_report',
  'immunization', 'allergy', 'appointment', 'document', 'claim', 'practitioner', 'organization', 'location', 'resource', 'arrival',
];

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
  '&.cm-focused': { outline: '2px solid var(--accent)', outlineOffset: '-2px' },
  '.cm-tooltip': { backgroundColor: 'var(--panel)', color: 'var(--text)', border: '1px solid var(--control)' },
  '.cm-tooltip-autocomplete ul li[aria-selected]': { backgroundColor: 'var(--select)', color: 'var(--text)' },
  '.cm-diagnostic-error': { borderLeftColor: 'var(--danger)' },
  '.cm-lintRange-error': { backgroundImage: 'none', textDecoration: 'underline wavy var(--danger)' },
});

export function Editor({ ref, label, start, onRun, onCancel }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(undefined);
  const last = useRef<Statement>({ text: '', at: 0 });
  const acts = useRef({ onRun, onCancel });
  useEffect(() => {
    acts.current = { onRun, onCancel };
  });

  useEffect(() => {
    if (!place.current) return undefined;
    const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce;
    const run = (target: EditorView): boolean => {
      acts.current.onRun(take(target.state, last));
      return true;
    };
    const made = new EditorView({
      parent: place.current,
      state: EditorState.create({
        doc: start,
        extensions: [
          ...(nonce ? [EditorView.cspNonce.of(nonce)] : []),
          lineNumbers(),
          history(),
          drawSelection(),
          highlightActiveLine(),
          bracketMatching(),
          closeBrackets(),
          autocompletion(),
          sql({ dialect: PostgreSQL, upperCaseKeywords: true, schema: Object.fromEntries(TABLES.map((table) => [table, []])) }),
          syntaxHighlighting(colours),
          look,
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ 'aria-label': label }),
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
  }, [label, start]);

  useImperativeHandle(
    ref,
    () => ({
      text: () => (view.current ? take(view.current.state, last) : ''),
      focus: () => view.current?.focus(),
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
