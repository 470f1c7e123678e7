interface Acting {
  'aria-disabled': true | undefined;
  onClick: () => void;
}

/**
 * A button that does nothing while what it began goes on. It is not `disabled` meanwhile: that would take the focus from whoever pressed it by key.
 */
export const acting = (busy: boolean | undefined, press: () => void): Acting => ({
  'aria-disabled': busy || undefined,
  onClick: () => {
    if (!busy) press();
  },
});

/** The `ref` of what takes the place of a pressed button, and its focus. */
export const takesFocus = (element: HTMLElement | null): void => element?.focus();
