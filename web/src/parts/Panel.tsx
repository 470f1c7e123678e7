import { useEffect, useId, useRef, type ReactNode } from 'react';
import { useT } from '../i18n';
import './panel.css';
import './where.css';

interface Props {
  title: string;
  onClose: () => void;
  children: ReactNode;
}

/** What opens beside a list: it takes the focus, and gives it back when it is closed. */
export function Panel({ title, onClose, children }: Props) {
  const t = useT();
  const id = useId();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <aside className="where panel-aside" aria-labelledby={id}>
      <header className="where-head">
        <h2 id={id} ref={heading} tabIndex={-1} className="panel-name">
          {title}
        </h2>
        <button type="button" className="button" onClick={onClose} aria-label={t('panel.close')}>
          <span aria-hidden>✕</span>
        </button>
      </header>
      {children}
    </aside>
  );
}

/** A value of a panel with its name. */
export function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** A part of a panel: something that can be done. */
export function Act({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="panel-act" aria-label={title}>
      <h3>{title}</h3>
      {children}
    </section>
  );
}
