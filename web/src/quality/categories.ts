/** The three kinds of question that checks ask of data (Kahn and others, 2016). */
export const CATEGORIES = ['Conformance', 'Completeness', 'Plausibility'] as const;
export type Category = (typeof CATEGORIES)[number];
