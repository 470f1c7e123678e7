import { Button, Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components';
import { useState } from 'react';
import { useT, type Key } from '../i18n';
import { AriaWords } from './AriaWords';
import { Toggle } from '../parts/Toggle';
import { setSingleKeys, useSingleKeys } from './keymap';
import { allBindings, keysOfBinding } from './keys';

const NAMES: Record<string, string> = { ArrowDown: '↓', ArrowUp: '↑', Escape: 'Esc' };

/** The keys of this page, and the switch that turns single letters off (WCAG 2.1.4). */
export function KeysHelp({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const t = useT();
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
  return (
    <AriaWords>
      <ModalOverlay className="overlay" isOpen={isOpen} onOpenChange={(open) => !open && onClose()} isDismissable>
        <Modal className="modal">
          <Dialog data-modal>
            <Heading slot="title" className="modal-title">
              {t('keys.title')}
            </Heading>
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
              <Button slot="close" className="button">
                {t('keys.close')}
              </Button>
            </p>
          </Dialog>
        </Modal>
      </ModalOverlay>
    </AriaWords>
  );
}
