import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { setLocked } from '../live/lock';
import { signOut } from '../live/session';

/** Signs out and goes to the sign-in page, which says so if the server could not be told. */
export function useLeave(): () => Promise<void> {
  const queries = useQueryClient();
  const navigate = useNavigate();
  return async () => {
    const ended = await signOut(queries);
    setLocked(false);
    await navigate({ to: '/signin', search: ended ? {} : { unsure: true } });
  };
}
