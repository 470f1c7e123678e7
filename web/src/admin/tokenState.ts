import type { Token } from '../api/types';

export type TokenState = 'valid' | 'expired' | 'revoked';

/** What a token opens at `now_ms`: a revoked one nothing, whether or not its time is over too. */
export function stateOf({ revoked, expires }: Pick<Token, 'revoked' | 'expires'>, now_ms: number): TokenState {
  if (revoked !== null) return 'revoked';
  return expires !== null && Date.parse(expires) <= now_ms ? 'expired' : 'valid';
}
