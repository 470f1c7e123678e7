import type { Role } from '../api/types';

/** What an account can be, in the order in which it is offered. */
export const ROLES: Role[] = ['clinician', 'admin', 'security-officer', 'auditor'];
