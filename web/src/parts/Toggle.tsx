import type { ReactNode } from 'react';
import './toggle.css';

/** A switch: on or off at once, said with its state. */
export function Toggle({ on, onChange, children }: { on: boolean; onChange: (on: boolean) => void; children: ReactNode }) {
  return (
    <label className="switch">
      <input type="checkbox" role="switch" className="switch-input" checked={on} aria-checked={on} onChange={(event) => onChange(event.target.checked)} />
      <span className="switch-track" aria-hidden />
      <span>{children}</span>
    </label>
  );
}
