/** A statement and where in the editor's text it begins. */
export interface Statement {
  text: string;
  at: number;
}

/** What is selected, or the statement the cursor is in: what lies between semicolons outside quotes and comments. */
export function statementAt(text: string, from: number, to: number): Statement {
  if (to > from) return trimmed(text, from, to);
  let start = 0;
  for (const end of [...ends(text), text.length]) {
    if (from <= end) {
      const found = trimmed(text, start, end);
      // A cursor behind the last semicolon means the statement before it.
      if (found.text || start === 0) return found;
      return statementAt(text, Math.max(0, start - 1), Math.max(0, start - 1));
    }
    start = end + 1;
  }
  return trimmed(text, 0, text.length);
}

/** Places of the semicolons that end statements. */
function ends(text: string): number[] {
  const found: number[] = [];
  const token = /'(?:[^']|'')*'?|"(?:[^"]|"")*"?|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|;/g;
  for (const match of text.matchAll(token)) if (match[0] === ';') found.push(match.index);
  return found;
}

function trimmed(text: string, from: number, to: number): Statement {
  const part = text.slice(from, to);
  return { text: part.trim(), at: from + (part.length - part.trimStart().length) };
}

/** How many characters (as the editor counts them) stand in the first `bytes` bytes of UTF-8. */
export function charactersBefore(text: string, bytes: number): number {
  return new TextDecoder().decode(new TextEncoder().encode(text).subarray(0, bytes)).length;
}
