/** The parts of these pages, each with its word, which is its key's too, and the duty that it needs; the first that one may open is the one that `/admin` opens. */
export const ADMIN_PARTS = [
  { part: 'people', word: 'admin.people', duty: undefined },
  { part: 'tokens', word: 'admin.tokens', duty: 'security' },
  { part: 'senders', word: 'admin.senders', duty: 'system' },
  { part: 'audit', word: 'admin.audit', duty: 'audit' },
  { part: 'health', word: 'admin.health', duty: undefined },
  { part: 'about', word: 'admin.about', duty: undefined },
] as const;

/** Who has a duty. */
export const ROLE_OF = { system: 'admin', security: 'security-officer', audit: 'auditor' } as const;
