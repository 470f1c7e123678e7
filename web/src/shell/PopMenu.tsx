import { useEffect, useId, useLayoutEffect, useRef, type KeyboardEvent, type ReactNode, type RefObject } from 'react';

export interface Choice {
  id: string;
  text: string;
  lang?: string;
}

export interface PopMenuProps {
  button: RefObject<HTMLButtonElement | null>;
  label: string;
  choices: Choice[];
  /** Which choice has the focus at first, where none holds. */
  from: 'first' | 'last';
  /** The choice that holds now, of menus that choose. */
  chosen?: string | undefined;
  head?: ReactNode;
  onChoose: (id: string) => void;
  onClose: () => void;
}

/** Between the menu and its button, and between it and the edge of the window. */
const GAP_PX = 4;
/** Letters that come closer together than this are of one word. */
const WORD_MS = 800;

/**
 * What a menu button opens. It is on every page and says how to sign out, so it is there without being fetched, also while the server is away.
 */
export function PopMenu({ button, label, choices, from, chosen, head, onChoose, onClose }: PopMenuProps) {
  const box = useRef<HTMLDivElement>(null);
  const headId = useId();
  const typed = useRef({ text: '', at_ms: 0 });

  useLayoutEffect(() => {
    const popover = box.current;
    const opener = button.current;
    if (!popover || !opener) return;
    popover.showPopover();
    const place = opener.getBoundingClientRect();
    const { width, height } = popover.getBoundingClientRect();
    const below = place.bottom + GAP_PX;
    const fits = below + height + GAP_PX <= globalThis.innerHeight;
    popover.style.insetInlineStart = 'auto';
    popover.style.left = `${Math.max(GAP_PX, Math.min(place.right - width, document.documentElement.clientWidth - width - GAP_PX))}px`;
    popover.style.top = `${fits ? below : Math.max(GAP_PX, place.top - GAP_PX - height)}px`;
    const items = [...popover.querySelectorAll<HTMLElement>('[data-choice]')];
    (items.find((item) => item.ariaChecked === 'true') ?? items.at(from === 'first' ? 0 : -1))?.focus();
  }, [button, from]);

  useEffect(() => {
    const onPress = (event: PointerEvent) => {
      const within = event.target instanceof Node && (box.current?.contains(event.target) || button.current?.contains(event.target));
      if (!within) onClose();
    };
    globalThis.addEventListener('pointerdown', onPress);
    // Its place is another then; focus stays where one was.
    const onResize = () => {
      button.current?.focus();
      onClose();
    };
    globalThis.addEventListener('resize', onResize);
    return () => {
      globalThis.removeEventListener('pointerdown', onPress);
      globalThis.removeEventListener('resize', onResize);
    };
  }, [button, onClose]);

  const onKeyDown = (event: KeyboardEvent) => {
    const items = [...(box.current?.querySelectorAll<HTMLElement>('[data-choice]') ?? [])];
    const at = items.findIndex((item) => item === document.activeElement);
    const go = (to: number) => {
      event.preventDefault();
      items[(to + items.length) % items.length]?.focus();
    };
    if (event.key === 'ArrowDown') go(at + 1);
    else if (event.key === 'ArrowUp') go(at - 1);
    else if (event.key === 'Home') go(0);
    else if (event.key === 'End') go(-1);
    else if (event.key === 'Escape') {
      event.preventDefault();
      button.current?.focus();
      onClose();
    } else if (event.key === 'Tab') {
      // The next place is that after the button.
      button.current?.focus();
      onClose();
    } else if (event.key.length === 1 && event.key !== ' ' && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const before = event.timeStamp - typed.current.at_ms < WORD_MS ? typed.current.text : '';
      typed.current = { text: before + event.key.toLowerCase(), at_ms: event.timeStamp };
      // One letter again and again goes through all that begin with it.
      const { text } = typed.current;
      const wanted = /^(.)\1*$/u.exec(text)?.[1] ?? text;
      const start = Math.max(0, wanted.length === 1 ? at + 1 : at);
      const found = [...items.keys()].map((n) => (start + n) % items.length).find((n) => items[n]?.textContent.toLowerCase().startsWith(wanted));
      if (found !== undefined) go(found);
    }
  };

  return (
    <div ref={box} className="popover" popover="manual">
      {head && (
        <p id={headId} className="popover-head muted">
          {head}
        </p>
      )}
      <div role="menu" tabIndex={-1} aria-label={label} aria-describedby={head ? headId : undefined} onKeyDown={onKeyDown}>
        {choices.map((choice) => (
          <button
            key={choice.id}
            type="button"
            data-choice
            className="menu-item"
            role={chosen === undefined ? 'menuitem' : 'menuitemradio'}
            aria-checked={chosen === undefined ? undefined : choice.id === chosen}
            tabIndex={-1}
            onPointerEnter={(event) => event.currentTarget.focus()}
            onClick={() => {
              button.current?.focus();
              onChoose(choice.id);
            }}
          >
            <span lang={choice.lang}>{choice.text}</span>
          </button>
        ))}
      </div>
    </div>
  );
}
