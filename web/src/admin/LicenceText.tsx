import licence from '../../../LICENSE?raw';

/** The licence of the program, word for word. */
export function LicenceText() {
  return (
    <pre className="licence" lang="en">
      {licence}
    </pre>
  );
}
