import { Menu, MenuItem, Popover } from 'react-aria-components';
import type { ReactNode, RefObject } from 'react';
import { AriaWords } from './AriaWords';

export interface Choice {
  id: string;
  text: string;
  lang?: string;
}

export interface PopMenuProps {
  button: RefObject<HTMLButtonElement | null>;
  label: string;
  choices: Choice[];
  /** The choice that holds now, of menus that choose. */
  chosen?: string | undefined;
  head?: ReactNode;
  onChoose: (id: string) => void;
  onClose: () => void;
}

/** What a menu button opens. It is fetched when the button is reached, so that no page waits for it. */
export function PopMenu({ button, label, choices, chosen, head, onChoose, onClose }: PopMenuProps) {
  return (
    <AriaWords>
      <Popover className="popover" placement="bottom end" triggerRef={button} isOpen onOpenChange={(open) => !open && onClose()}>
        {head && <p className="popover-head muted">{head}</p>}
        <Menu
          aria-label={label}
          // oxlint-disable-next-line jsx-a11y/no-autofocus -- a menu takes the focus when it opens
          autoFocus="first"
          {...(chosen !== undefined && { selectionMode: 'single' as const, selectedKeys: [chosen] })}
          onAction={(key) => onChoose(String(key))}
          onClose={onClose}
        >
          {choices.map((choice) => (
            <MenuItem key={choice.id} id={choice.id} className="menu-item" textValue={choice.text}>
              <span lang={choice.lang}>{choice.text}</span>
            </MenuItem>
          ))}
        </Menu>
      </Popover>
    </AriaWords>
  );
}
