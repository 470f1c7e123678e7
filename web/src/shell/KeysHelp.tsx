import { Button, Dialog, Heading, Modal, ModalOverlay, Switch } from 'react-aria-components';
import { useT } from '../i18n';
import { allBindings, setSingleKeys, useSingleKeys } from './keys';

/** The keys of this page, and the switch that turns single letters off (WCAG 2.1.4). */
export function KeysHelp({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const t = useT();
  const single = useSingleKeys();
  return (
    <ModalOverlay className="overlay" isOpen={isOpen} onOpenChange={(open) => !open && onClose()} isDismissable>
      <Modal className="modal">
        <Dialog data-modal>
          <Heading slot="title" className="modal-title">
            {t('keys.title')}
          </Heading>
          <table className="keys">
            <tbody>
              {isOpen &&
                allBindings()
                  .toSorted((a, b) => a.keys.localeCompare(b.keys))
                  .map((binding) => (
                    <tr key={binding.keys}>
                      <th scope="row">
                        {binding.keys.split(' ').map((key) => (
                          <kbd key={key}>{key}</kbd>
                        ))}
                      </th>
                      <td>{t(binding.does)}</td>
                    </tr>
                  ))}
            </tbody>
          </table>
          <Switch className="switch" isSelected={single === 'on'} onChange={setSingleKeys}>
            <span className="switch-track" aria-hidden />
            {t('keys.single')}
          </Switch>
          <p className="modal-ways">
            <Button slot="close" className="button">
              {t('keys.close')}
            </Button>
          </p>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
