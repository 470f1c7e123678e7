/** Passwords shorter than this are refused by the server too. */
export const LEAST_CHARACTERS = 12;
