import { useEffect, useId, useRef, useState } from 'react';
import { useT, type Key } from '../i18n';
import { Toggle } from '../parts/Toggle';
import { setSingleKeys, useSingleKeys } from './keymap';
import { allBindings, keysOfBinding } from './keys';

const NAMES: Record<string, string> = { ArrowDown: '↓', ArrowUp: '↑', Escape: 'Esc' };

/** The keys of this page, and the switch that turns single letters off (WCAG 2.1.4). */
export function KeysHelp({ onClose }: { onClose: () => void }) {
  const t = useT();
  const title = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  const single = useSingleKeys();
  // What holds as the dialog opens: its own keys are no keys of the page.
  const [lines] = useState(() => {
    const byWord = new Map<Key, string[]>();
    for (const binding of allBindings()) {
      const keys = byWord.get(binding.does) ?? [];
      if (!keys.includes(keysOfBinding(binding))) keys.push(keysOfBinding(binding));
      byWord.set(binding.does, keys);
    }
    return [...byWord].toSorted(([a], [b]) => t(a).localeCompare(t(b)));
  });
  useEffect(() => {
    const box = dialog.current;
    if (!box) return undefined;
    box.showModal();
    // What is around the dialog is its backdrop, and so the dialog itself.
    const onPress = (event: PointerEvent) => event.target === box && box.close();
    box.addEventListener('pointerdown', onPress);
    return () => box.removeEventListener('pointerdown', onPress);
  }, []);
  return (
    <dialog ref={dialog} className="modal" data-modal aria-labelledby={title} onClose={onClose}>
      <div className="modal-inside">
        <h2 id={title} className="modal-title">
          {t('keys.title')}
        </h2>
        <table className="keys">
          <tbody>
            {lines.map(([does, keys]) => (
              <tr key={does}>
                <th scope="row">
                  {keys.map((one, n) => (
                    <span key={one}>
                      {n > 0 && <span className="muted"> / </span>}
                      {one.split(' ').map((key, at) => (
                        <kbd key={at}>{NAMES[key] ?? key}</kbd>
                      ))}
                    </span>
                  ))}
                </th>
                <td>{t(does)}</td>
              </tr>
            ))}
          </tbody>
        </table>
        <Toggle on={single} onChange={setSingleKeys}>
          {t('keys.single')}
        </Toggle>
        <p className="modal-ways">
          <button type="button" className="button" onClick={() => dialog.current?.close()}>
            {t('keys.close')}
          </button>
        </p>
      </div>
    </dialog>
  );
}
