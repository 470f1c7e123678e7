/** The parts of the page, each with its word, which is its key's too; the first is the one that `/intake` opens. `feature` is what the server must have. */
export const INTAKE_PARTS = [
  { part: 'senders', word: 'intake.senders', feature: undefined },
  { part: 'live', word: 'intake.live', feature: undefined },
  { part: 'refused', word: 'intake.refused', feature: undefined },
  { part: 'same', word: 'intake.same', feature: 'identity' },
] as const;
