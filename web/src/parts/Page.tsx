import { useEffect, useRef, type ReactNode } from 'react';
import { useRouter } from '@tanstack/react-router';

/** A page's title: its `h1`, the window's name, and where focus goes when a route is entered. */
export function PageTitle({ children, quiet }: { children: string; quiet?: boolean }) {
  const heading = useRef<HTMLHeadingElement>(null);
  const router = useRouter();
  useEffect(() => {
    document.title = `${children} · medweave`;
  }, [children]);
  useEffect(() => {
    // The first page of a visit leaves focus to the browser; a page gone to takes it, which also reads it out.
    if (router.history.length > 1 && document.activeElement === document.body) heading.current?.focus({ preventScroll: true });
  }, [router]);
  return (
    <h1 ref={heading} tabIndex={-1} className={quiet ? 'hidden-text' : undefined}>
      {children}
    </h1>
  );
}

/** What a page says when it has nothing to show: what it is for, one next step, one command. */
export function Empty({ title, children, command }: { title: string; children?: ReactNode; command?: string }) {
  return (
    <div className="empty">
      <h2>{title}</h2>
      {children}
      {command && (
        <pre className="empty-command">
          <code>{command}</code>
        </pre>
      )}
    </div>
  );
}
