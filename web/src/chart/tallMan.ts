/**
 * Names that look alike, written so that the part that differs stands out. The list is the one that the FDA asks of labels
 * (Name Differentiation Project); it is a matter of display alone.
 */
const NAMES = [
  'acetoHEXAMIDE', 'acetaZOLAMIDE', 'buPROPion', 'busPIRone', 'chlorproMAZINE', 'chlorproPAMIDE', 'clomiPHENE', 'clomiPRAMINE',
  'cycloSERINE', 'cycloSPORINE', 'DAUNOrubicin', 'DOXOrubicin', 'dimenhyDRINATE', 'diphenhydrAMINE', 'DOBUTamine', 'DOPamine',
  'glipiZIDE', 'glyBURIDE', 'hydrALAZINE', 'hydrOXYzine', 'HYDROmorphone', 'medroxyPROGESTERone', 'methylPREDNISolone',
  'methylTESTOSTERone', 'mitoXANTRONE', 'niCARdipine', 'NIFEdipine', 'prednisoLONE', 'predniSONE', 'risperiDONE', 'rOPINIRole',
  'sulfADIAZINE', 'sulfiSOXAZOLE', 'TOLAZamide', 'TOLBUTamide', 'vinBLAStine', 'vinCRIStine',
];

const BY_NAME = new Map(NAMES.map((name) => [name.toLowerCase(), name]));

/** `text` with the names of the list in their distinguishing form. */
export function tallMan(text: string): string {
  return text.replace(/[a-z]{6,}/gi, (word) => BY_NAME.get(word.toLowerCase()) ?? word);
}
