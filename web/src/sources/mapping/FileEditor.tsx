import { type CompletionContext, type CompletionResult } from '@codemirror/autocomplete';
import { PostgreSQL, sql } from '@codemirror/lang-sql';
import { setDiagnostics, type Diagnostic } from '@codemirror/lint';
import { EditorState, StateEffect, StateField, type Extension } from '@codemirror/state';
import { Decoration, EditorView, type DecorationSet } from '@codemirror/view';
import { useEffect, useImperativeHandle, useRef, type Ref } from 'react';
import { json } from '../../api/client';
import { editing, labelled } from '../../sql/editing';
import type { MappingFile, MappingOffers, MappingProblem as Problem } from '../../api/types';

export interface FileEditorHandle {
  /** Goes to a line and column, from 1. */
  go: (line: number, column: number) => void;
}

interface Props {
  ref: Ref<FileEditorHandle>;
  label: string;
  path: string;
  /** What stands in the file when it is opened; later text is the editor's own. */
  text: string;
  readOnly: boolean;
  problems: Problem[];
  /** The line, from 1, that makes what is pointed at elsewhere. */
  marked: number | undefined;
  /** The mapping as it is now, and its source: what completion is asked about. */
  context: () => { files: MappingFile[]; source: string };
  onChange: (text: string) => void;
  /** The line that the cursor is in, from 1. */
  onLine: (line: number) => void;
  onSave: () => void;
}

const markLine = StateEffect.define<number | undefined>();

/** The line that makes what is pointed at elsewhere. */
const markedLine = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    let next = marks.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (!effect.is(markLine)) continue;
      const { doc } = transaction.state;
      next = effect.value !== undefined && effect.value <= doc.lines ? Decoration.set(Decoration.line({ class: 'line-marked' }).range(doc.line(effect.value).from)) : Decoration.none;
    }
    return next;
  },
  provide: (field) => EditorView.decorations.from(field),
});

/** The place of a column counted in code points, as the server counts them. */
function placeOf(state: EditorState, line: number, column: number): number {
  const { from, text } = state.doc.line(Math.max(1, Math.min(line, state.doc.lines)));
  return from + [...text].slice(0, column - 1).join('').length;
}

function columnOf(state: EditorState, at: number): { line: number; column: number } {
  const { number, from } = state.doc.lineAt(at);
  return { line: number, column: [...state.sliceDoc(from, at)].length + 1 };
}

/** Asks the server what may stand at the cursor: it knows elements, columns of the tables, functions and maps. */
function complete(path: string, asked: { current: Props['context'] }) {
  return async (context: CompletionContext): Promise<CompletionResult | null> => {
    const before = context.matchBefore(/[\p{L}\p{N}_@.'"[\]-]+$/u);
    if (!before && !context.explicit) return null;
    const { files, source } = asked.current();
    const own = files.map((file) => (file.path === path ? { path, text: context.state.doc.toString() } : file));
    const { line, column } = columnOf(context.state, context.pos);
    const aborted = new AbortController();
    context.addEventListener('abort', () => aborted.abort());
    try {
      const found = await json<MappingOffers>('/api/mappings/complete', {
        method: 'POST',
        body: { files: own, source, file: path, line, column },
        signal: aborted.signal,
      });
      if (found.items.length === 0) return null;
      const options = found.items.map((item) => ({ label: item.label, apply: item.insert, type: item.kind, ...(item.detail && { detail: item.detail }), ...(item.help && { info: item.help }) }));
      // Whatever is typed on may change what may stand there: the server is asked again.
      return { from: placeOf(context.state, line, found.from), to: placeOf(context.state, line, found.to), options, filter: false };
    } catch {
      return null;
    }
  };
}

function languageOf(path: string, asked: { current: Props['context'] }): Extension {
  if (!path.endsWith('.sql')) return [];
  return [sql({ dialect: PostgreSQL, upperCaseKeywords: true }), PostgreSQL.language.data.of({ autocomplete: complete(path, asked) })];
}

/** One file of a mapping. */
export function FileEditor({ ref, label, path, text, readOnly, problems, marked, context, onChange, onLine, onSave }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(undefined);
  const acts = useRef({ onChange, onLine, onSave });
  const asked = useRef(context);
  const start = useRef(text);
  useEffect(() => {
    acts.current = { onChange, onLine, onSave };
    asked.current = context;
  });

  useEffect(() => {
    if (!place.current) return undefined;
    const made = new EditorView({
      parent: place.current,
      state: EditorState.create({
        doc: start.current,
        extensions: [
          languageOf(path, asked),
          labelled(label),
          EditorState.readOnly.of(readOnly),
          // What is wider than its frame is looked along by keys too.
          EditorView.contentAttributes.of({ tabindex: '0' }),
          markedLine,
          editing([{ key: 'Mod-s', preventDefault: true, run: () => (acts.current.onSave(), true) }]),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) acts.current.onChange(update.state.doc.toString());
            if (update.selectionSet || update.docChanged) acts.current.onLine(update.state.doc.lineAt(update.state.selection.main.head).number);
          }),
        ],
      }),
    });
    view.current = made;
    return () => made.destroy();
  }, [path, label, readOnly]);

  useEffect(() => {
    const target = view.current;
    if (!target) return;
    const marks = problems.map((problem): Diagnostic => {
      const from = placeOf(target.state, problem.line, problem.column);
      const word = target.state.wordAt(from);
      const to = word && word.to > from ? word.to : Math.min(from + 1, target.state.doc.length);
      return { from: Math.min(from, to), to, severity: 'error', message: problem.hint ? `${problem.message}; ${problem.hint}` : problem.message };
    });
    target.dispatch(setDiagnostics(target.state, marks));
  }, [problems]);
  useEffect(() => {
    view.current?.dispatch({ effects: markLine.of(marked) });
  }, [marked]);

  useImperativeHandle(
    ref,
    () => ({
      go: (line, column) => {
        const target = view.current;
        if (!target) return;
        const at = placeOf(target.state, line, column);
        target.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: 'center' }) });
        target.focus();
      },
    }),
    [],
  );
  return <div ref={place} className="editor file-editor" data-columns={path.endsWith('.sql') ? '' : undefined} />;
}
