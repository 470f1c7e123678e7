/**
 * Puts a text into the clipboard; `false` if this browser does not let a page do that. A page that came over plain HTTP from another machine has no
 * clipboard of its own: there the element that shows the text is selected, and the browser's old way tried.
 */
export async function copyText(text: string, shown: HTMLElement | null): Promise<boolean> {
  try {
    if (globalThis.navigator.clipboard) {
      await globalThis.navigator.clipboard.writeText(text);
      return true;
    }
  } catch {
    // Denied: the other way is left.
  }
  if (!shown) return false;
  globalThis.getSelection()?.selectAllChildren(shown);
  try {
    // eslint-disable-next-line typescript/no-deprecated
    return document.execCommand('copy');
  } catch {
    return false;
  }
}
