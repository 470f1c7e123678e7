/** Which letters, and which links of people, are looked at; the first of each where nothing is said. */
export const LETTER_STATES = ['open', 'replayed', 'discarded', 'all'] as const;
export type LetterState = (typeof LETTER_STATES)[number];
export const LINK_STATES = ['waiting', 'same', 'different', 'all'] as const;
export type LinkState = (typeof LINK_STATES)[number];
