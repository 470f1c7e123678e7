/** Rows that a question may ask for. The page holds them all; more come as a file. */
export const LIMITS = [1_000, 10_000, 100_000] as const;
export const LIMIT = 10_000;
