/**
 * The shapes of the server's interface that the pages use, by the names they use for them. They come from the OpenAPI document
 * (`schema.d.ts`, made by `make api-types`); what they mean stands in `docs/openapi.json` and beside the handlers.
 */
import type { components } from './schema';

type Shapes = components['schemas'];

export type Session = Shapes['Session'];
export type SetUp = Shapes['SetUp'];
export type SetUpCode = Shapes['SetUpCode'];
export type Me = Shapes['Me'];
export type Choices = Shapes['Choices'];
/** A place where the account is signed in. */
export type OpenSession = Me['sessions'][number];

export type Account = Shapes['Account'];
export type Role = Shapes['Role'];
export type Users = Shapes['Users'];
export type MadeUser = Shapes['MadeUser'];
export type ChangeUser = Shapes['ChangeUser'];
/** A sign-in link: `path` is where it leads on this server; told once. */
export type SignInLink = Shapes['Link'];
export type Tokens = Shapes['Tokens'];
export type Token = Shapes['Token'];
export type AccountEvents = Shapes['AccountEvents'];
export type Reads = Shapes['Reads'];
export type Status = Shapes['Status'];

export type Name = Shapes['Name'];
export type Identifier = Shapes['Identifier'];
export type Patients = Shapes['Patients'];
export type Found = Shapes['FoundPatient'];
/** Why a patient matched: a kind, and the text of the record that did. */
export type Reason = Found['why'][number];

/** A patient's record in parts; each part's `ref` leads to where it came from. */
export type Chart = Shapes['Chart'];
export type Problem = Shapes['Problem'];
export type Allergy = Shapes['Allergy'];
export type Medication = Shapes['Medication'];
export type Encounter = Shapes['Encounter'];
export type LabTest = Shapes['LabTest'];
/** A result: `test` is an index into the chart's `tests`, `value` has the source's digits, `field` is the element it stands in. */
export type LabResult = Shapes['LabResult'];
export type Range = NonNullable<LabResult['range']>;

export type Arrival = Shapes['Arrival'];
export type Arrivals = Shapes['Arrivals'];
/** What taking back an arrival did, or would do. */
export type Undone = Shapes['Undone'];
export type Where = Shapes['Where'];
/** A version of a record; `offset` and `length` are its place in the arrival's content. */
export type Version = Where['versions'][number];

export type Sources = Shapes['Sources'];
/** An address or network that may send messages. */
export type AllowedSender = Sources['sources'][number];
export type Mappings = Shapes['Mappings'];
export type TableSource = Shapes['TableSource'];
export type ArrivalSources = Shapes['ArrivalSources'];
export type Deliveries = Shapes['Deliveries'];
export type Delivery = Deliveries['deliveries'][number];
export type SourceTables = Shapes['SourceTables'];
export type SourceTable = SourceTables['tables'][number];
/** A row of a source of tables; `arrival` is the place of its bytes. */
export type SourceRow = Shapes['SourceRow'];
export type DeadLetters = Shapes['DeadLetters'];
/** Something that could not be taken; `row` if it is a row of a source. */
export type DeadLetter = Shapes['DeadLetter'];
export type CorrectedLetter = Shapes['Corrected'];
export type Lineage = Shapes['Lineage'];
export type LineageElement = Lineage['elements'][number];
export type LineageCell = LineageElement['cells'][number];
export type Run = Shapes['Run'];
export type Runs = Shapes['Runs'];
export type RunWithReport = Shapes['RunWithReport'];
export type RunReport = Shapes['RunReport'];
export type UndoneRun = Shapes['UndoneRun'];
export type UnmappedCodes = Shapes['UnmappedCodes'];
export type UnmappedCode = Shapes['UnmappedCode'];
export type CodeMap = Shapes['CodeMap'];
export type Approval = Shapes['Approval'];
export type SuggestedCodes = Shapes['SuggestedCodes'];
export type Vocabularies = Shapes['Vocabularies'];
export type Profile = Shapes['Profile'];
export type TableProfile = Shapes['TableProfile'];
export type ColumnProfile = Shapes['ColumnProfile'];
export type Doubt = Shapes['Doubt'];
export type OmopLineage = Shapes['OmopLineage'];
export type Quality = Shapes['Quality'];
export type QualityRun = Shapes['QualityRun'];
export type QualityOutcomes = Shapes['QualityOutcomes'];
export type QualityOutcome = Shapes['QualityOutcome'];
export type QualityCheck = Shapes['QualityCheck'];
export type QualityRows = Shapes['QualityRows'];
export type MappingFiles = Shapes['MappingFiles'];
export type MappingFile = Shapes['MappingFile'];
export type MappingProblem = Shapes['MappingProblem'];
export type CheckedMapping = Shapes['CheckedMapping'];
export type SavedMapping = Shapes['SavedMapping'];
export type MappingOffers = Shapes['MappingOffers'];
export type MappingPreview = Shapes['MappingPreview'];
export type PreviewElement = Shapes['PreviewElement'];
export type PreviewSample = Shapes['PreviewSample'];

export type SqlResult = Shapes['SqlAnswer'];
export type SqlTables = Shapes['SqlTables'];
export type SqlTable = SqlTables['tables'][number];
