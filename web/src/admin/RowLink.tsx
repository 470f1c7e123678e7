import { Link } from '@tanstack/react-router';
import type { AdminSearch } from '../router';

interface Props {
  /** The part that the list is of, and what of it the row opens. */
  part: 'people' | 'tokens' | 'senders';
  opens: Pick<AdminSearch, 'person' | 'sender' | 'token'>;
  /** The name by which focus finds back to the row. */
  row: string;
  open: boolean;
  children: string;
}

/** A row of a list leads to what it is of, beside the list; what was looked for stays in the address. */
export function RowLink({ part, opens, row, open, children }: Props) {
  return (
    <Link
      to="/admin/{-$part}"
      params={{ part }}
      search={({ make: _make, person: _person, sender: _sender, token: _token, ...rest }: AdminSearch) => ({ ...rest, ...opens })}
      replace
      resetScroll={false}
      className="row-link"
      data-row-link={row}
      aria-expanded={open}
    >
      {children}
    </Link>
  );
}
