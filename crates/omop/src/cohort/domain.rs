//! What criteria there are: a table each, and what may be asked of its rows.

/// A kind of criterion.
#[derive(Debug, PartialEq)]
pub(super) struct Domain {
    /// Its name in a definition.
    pub(super) name: &'static str,
    /// Its table; `x` is its alias.
    pub(super) table: &'static str,
    /// What tells its rows apart.
    pub(super) id: &'static str,
    /// The field of the concepts of `CodesetId`.
    pub(super) concept: Option<&'static str>,
    /// The member that names source concepts, and their field.
    pub(super) source: Option<(&'static str, &'static str)>,
    /// When it begins and ends, in SQL.
    pub(super) start: &'static str,
    pub(super) end: &'static str,
    /// Whether rows belong to visits.
    pub(super) has_visit: bool,
    /// Whether `First` means something.
    pub(super) has_first: bool,
    /// What is asked of rows.
    pub(super) asks: &'static [(&'static str, Ask)],
    /// Columns whose different values can be counted.
    pub(super) columns: &'static [(&'static str, &'static str)],
}

/// What a member asks. SQL is over `C`, the row with its `start_date` and `end_date`, and what [`Side`] joins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Ask {
    /// A range of days.
    Days(&'static str),
    /// A range of whole numbers.
    Whole(&'static str),
    /// A range of numbers.
    Number(&'static str),
    /// A range of years of age at a date.
    Age(&'static str),
    /// Concepts in a list; with `CS` after the name, a concept set; with `Exclude`, all but the list.
    Concepts(Side, &'static str),
    /// A concept set only, by the name with `CS` after it.
    Set(Side, &'static str),
    /// A concept set, by its number alone.
    Codeset(&'static str),
    /// Text.
    Text(&'static str),
    /// Something that holds if the member is true.
    Flag(&'static str),
    /// A period within which the row's own must lie, and which takes its place.
    Period,
}

/// Where a column is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    /// In the row.
    Row,
    /// In the person.
    Person,
    /// In the row's visit.
    Visit,
    /// In the row's provider, if there is one.
    Provider,
    /// In the visit's place.
    Place,
}

impl Side {
    /// What must be joined.
    pub(super) fn join(self) -> Option<&'static str> {
        match self {
            Side::Row => None,
            Side::Person => Some("JOIN omop.person P ON P.person_id = C.person_id"),
            Side::Visit => Some(
                "JOIN omop.visit_occurrence V ON V.visit_occurrence_id = C.visit_occurrence_id AND V.person_id = C.person_id",
            ),
            Side::Provider => Some("LEFT JOIN omop.provider PR ON PR.provider_id = C.provider_id"),
            Side::Place => Some("JOIN omop.care_site S ON S.care_site_id = C.care_site_id"),
        }
    }
}

use Ask::{Age, Codeset, Concepts, Days, Flag, Number, Period, Set, Text, Whole};
use Side::{Person, Place, Provider, Row, Visit};

const LENGTH: &str = "(CAST(C.end_date AS INT) - CAST(C.start_date AS INT))";
const START: (&str, Ask) = ("OccurrenceStartDate", Days("C.start_date"));
const END: (&str, Ask) = ("OccurrenceEndDate", Days("C.end_date"));
const AGE: (&str, Ask) = ("Age", Age("C.start_date"));
const GENDER: (&str, Ask) = ("Gender", Concepts(Person, "P.gender_concept_id"));
const GENDER_SET: (&str, Ask) = ("Gender", Set(Person, "P.gender_concept_id"));
const SPECIALTY: (&str, Ask) = ("ProviderSpecialty", Concepts(Provider, "PR.specialty_concept_id"));
const VISIT: (&str, Ask) = ("VisitType", Concepts(Visit, "V.visit_concept_id"));
const UNIT: (&str, Ask) = ("Unit", Concepts(Row, "C.unit_concept_id"));
const AGE_AT_START: (&str, Ask) = ("AgeAtStart", Age("C.start_date"));
const AGE_AT_END: (&str, Ask) = ("AgeAtEnd", Age("C.end_date"));
const ERA_START: (&str, Ask) = ("EraStartDate", Days("C.start_date"));
const ERA_END: (&str, Ask) = ("EraEndDate", Days("C.end_date"));
const ERA_LENGTH: (&str, Ask) = ("EraLength", Whole(LENGTH));
const DURATION: (&str, &str) = ("DURATION", LENGTH);
const ONE_DAY: (&str, &str) = ("DURATION", "1");

/// The kinds of criteria.
#[rustfmt::skip]
pub(super) static DOMAINS: [Domain; 15] = [
    Domain {
        name: "ConditionOccurrence", table: "condition_occurrence", id: "condition_occurrence_id",
        concept: Some("condition_concept_id"), source: Some(("ConditionSourceConcept", "condition_source_concept_id")),
        start: "x.condition_start_date", end: "coalesce(x.condition_end_date, x.condition_start_date + INTERVAL '1 day')",
        has_visit: true, has_first: true,
        asks: &[
            START, END, AGE, GENDER, SPECIALTY, VISIT,
            ("ConditionType", Concepts(Row, "C.condition_type_concept_id")), ("StopReason", Text("C.stop_reason")),
            ("ConditionStatus", Concepts(Row, "C.condition_status_concept_id")),
        ],
        columns: &[("DOMAIN_CONCEPT", "C.condition_concept_id"), DURATION],
    },
    Domain {
        name: "ConditionEra", table: "condition_era", id: "condition_era_id",
        concept: Some("condition_concept_id"), source: None,
        start: "x.condition_era_start_date", end: "x.condition_era_end_date",
        has_visit: false, has_first: true,
        asks: &[ERA_START, ERA_END, ERA_LENGTH, ("OccurrenceCount", Whole("C.condition_occurrence_count")), AGE_AT_START, AGE_AT_END, GENDER],
        columns: &[("DOMAIN_CONCEPT", "C.condition_concept_id"), ("ERA_OCCURRENCES", "C.condition_occurrence_count"), DURATION],
    },
    Domain {
        name: "DrugExposure", table: "drug_exposure", id: "drug_exposure_id",
        concept: Some("drug_concept_id"), source: Some(("DrugSourceConcept", "drug_source_concept_id")),
        start: "x.drug_exposure_start_date", end: DRUG_END,
        has_visit: true, has_first: true,
        asks: &[
            // As Circe has it: the end is asked of the start.
            START, ("OccurrenceEndDate", Days("C.start_date")), AGE, GENDER, SPECIALTY, VISIT,
            ("DrugType", Concepts(Row, "C.drug_type_concept_id")), ("StopReason", Text("C.stop_reason")),
            ("Refills", Whole("C.refills")), ("Quantity", Number("C.quantity")), ("DaysSupply", Whole("C.days_supply")),
            ("RouteConcept", Concepts(Row, "C.route_concept_id")), ("LotNumber", Text("C.lot_number")),
        ],
        columns: &[
            ("DOMAIN_CONCEPT", "C.drug_concept_id"), ("DAYS_SUPPLY", "C.days_supply"), ("QUANTITY", "C.quantity"),
            ("REFILLS", "C.refills"), DURATION,
        ],
    },
    Domain {
        name: "DrugEra", table: "drug_era", id: "drug_era_id",
        concept: Some("drug_concept_id"), source: None,
        start: "x.drug_era_start_date", end: "x.drug_era_end_date",
        has_visit: false, has_first: true,
        asks: &[
            ERA_START, ERA_END, ERA_LENGTH, ("OccurrenceCount", Whole("C.drug_exposure_count")), ("GapDays", Whole("C.gap_days")),
            AGE_AT_START, AGE_AT_END, GENDER,
        ],
        columns: &[
            ("DOMAIN_CONCEPT", "C.drug_concept_id"), ("ERA_OCCURRENCES", "C.drug_exposure_count"), ("GAP_DAYS", "C.gap_days"), DURATION,
        ],
    },
    Domain {
        name: "DoseEra", table: "dose_era", id: "dose_era_id",
        concept: Some("drug_concept_id"), source: None,
        start: "x.dose_era_start_date", end: "x.dose_era_end_date",
        has_visit: false, has_first: true,
        asks: &[ERA_START, ERA_END, ERA_LENGTH, UNIT, ("DoseValue", Number("C.dose_value")), AGE_AT_START, AGE_AT_END, GENDER],
        columns: &[("DOMAIN_CONCEPT", "C.drug_concept_id"), ("UNIT", "C.unit_concept_id"), ("VALUE_AS_NUMBER", "C.dose_value"), DURATION],
    },
    Domain {
        name: "ProcedureOccurrence", table: "procedure_occurrence", id: "procedure_occurrence_id",
        concept: Some("procedure_concept_id"), source: Some(("ProcedureSourceConcept", "procedure_source_concept_id")),
        start: "x.procedure_date", end: "x.procedure_date + INTERVAL '1 day'",
        has_visit: true, has_first: true,
        asks: &[
            START, AGE, GENDER, SPECIALTY, VISIT, ("ProcedureType", Concepts(Row, "C.procedure_type_concept_id")),
            ("Modifier", Concepts(Row, "C.modifier_concept_id")), ("Quantity", Whole("C.quantity")),
        ],
        columns: &[("DOMAIN_CONCEPT", "C.procedure_concept_id"), ("QUANTITY", "C.quantity"), ONE_DAY],
    },
    Domain {
        name: "DeviceExposure", table: "device_exposure", id: "device_exposure_id",
        concept: Some("device_concept_id"), source: Some(("DeviceSourceConcept", "device_source_concept_id")),
        start: "x.device_exposure_start_date", end: "coalesce(x.device_exposure_end_date, x.device_exposure_start_date + INTERVAL '1 day')",
        has_visit: true, has_first: true,
        asks: &[
            START, END, AGE, GENDER, SPECIALTY, VISIT, ("DeviceType", Concepts(Row, "C.device_type_concept_id")),
            ("UniqueDeviceId", Text("C.unique_device_id")), ("Quantity", Whole("C.quantity")),
        ],
        columns: &[("DOMAIN_CONCEPT", "C.device_concept_id"), ("QUANTITY", "C.quantity"), DURATION],
    },
    Domain {
        name: "Measurement", table: "measurement", id: "measurement_id",
        concept: Some("measurement_concept_id"), source: Some(("MeasurementSourceConcept", "measurement_source_concept_id")),
        start: "x.measurement_date", end: "x.measurement_date + INTERVAL '1 day'",
        has_visit: true, has_first: true,
        asks: &[
            START, AGE, GENDER, SPECIALTY, VISIT, UNIT, ("MeasurementType", Concepts(Row, "C.measurement_type_concept_id")),
            ("Operator", Concepts(Row, "C.operator_concept_id")), ("ValueAsNumber", Number("C.value_as_number")),
            ("ValueAsConcept", Concepts(Row, "C.value_as_concept_id")), ("RangeLow", Number("C.range_low")), ("RangeHigh", Number("C.range_high")),
            ("RangeLowRatio", Number("(C.value_as_number / nullif(C.range_low, 0))")),
            ("RangeHighRatio", Number("(C.value_as_number / nullif(C.range_high, 0))")),
            ("Abnormal", Flag("(C.value_as_number < C.range_low OR C.value_as_number > C.range_high OR C.value_as_concept_id IN (4155142, 4155143))")),
        ],
        columns: &[
            ("DOMAIN_CONCEPT", "C.measurement_concept_id"), ("VALUE_AS_NUMBER", "C.value_as_number"), ("RANGE_LOW", "C.range_low"),
            ("RANGE_HIGH", "C.range_high"), ONE_DAY,
        ],
    },
    Domain {
        name: "Observation", table: "observation", id: "observation_id",
        concept: Some("observation_concept_id"), source: Some(("ObservationSourceConcept", "observation_source_concept_id")),
        start: "x.observation_date", end: "x.observation_date + INTERVAL '1 day'",
        has_visit: true, has_first: true,
        asks: &[
            START, AGE, GENDER, SPECIALTY, VISIT, UNIT, ("ObservationType", Concepts(Row, "C.observation_type_concept_id")),
            ("ValueAsNumber", Number("C.value_as_number")), ("ValueAsString", Text("C.value_as_string")),
            ("ValueAsConcept", Concepts(Row, "C.value_as_concept_id")), ("Qualifier", Concepts(Row, "C.qualifier_concept_id")),
        ],
        columns: &[("DOMAIN_CONCEPT", "C.observation_concept_id"), ("VALUE_AS_NUMBER", "C.value_as_number"), ONE_DAY],
    },
    Domain {
        name: "VisitOccurrence", table: "visit_occurrence", id: "visit_occurrence_id",
        concept: Some("visit_concept_id"), source: Some(("VisitSourceConcept", "visit_source_concept_id")),
        start: "x.visit_start_date", end: "x.visit_end_date",
        has_visit: true, has_first: true,
        asks: &[
            START, END, AGE, GENDER, SPECIALTY, ("VisitType", Concepts(Row, "C.visit_type_concept_id")), ("VisitLength", Whole(LENGTH)),
            ("PlaceOfService", Concepts(Place, "S.place_of_service_concept_id")),
        ],
        columns: &[("DOMAIN_CONCEPT", "C.visit_concept_id"), DURATION],
    },
    Domain {
        name: "VisitDetail", table: "visit_detail", id: "visit_detail_id",
        concept: Some("visit_detail_concept_id"), source: Some(("VisitDetailSourceConcept", "visit_detail_source_concept_id")),
        start: "x.visit_detail_start_date", end: "x.visit_detail_end_date",
        has_visit: true, has_first: true,
        asks: &[
            ("VisitDetailStartDate", Days("C.start_date")), ("VisitDetailEndDate", Days("C.end_date")),
            ("VisitDetailLength", Whole(LENGTH)), ("VisitDetailType", Set(Row, "C.visit_detail_type_concept_id")),
            // As Circe has it: age at the end.
            ("Age", Age("C.end_date")), GENDER_SET, ("ProviderSpecialty", Set(Provider, "PR.specialty_concept_id")),
            ("PlaceOfService", Set(Place, "S.place_of_service_concept_id")),
        ],
        columns: &[("DOMAIN_CONCEPT", "C.visit_detail_concept_id"), DURATION],
    },
    Domain {
        name: "Specimen", table: "specimen", id: "specimen_id",
        concept: Some("specimen_concept_id"), source: None,
        start: "x.specimen_date", end: "x.specimen_date + INTERVAL '1 day'",
        has_visit: false, has_first: true,
        asks: &[
            START, AGE, GENDER, UNIT, ("SpecimenType", Concepts(Row, "C.specimen_type_concept_id")), ("Quantity", Number("C.quantity")),
            ("AnatomicSite", Concepts(Row, "C.anatomic_site_concept_id")), ("DiseaseStatus", Concepts(Row, "C.disease_status_concept_id")),
            ("SourceId", Text("C.specimen_source_id")),
        ],
        columns: &[("DOMAIN_CONCEPT", "C.specimen_concept_id"), ONE_DAY],
    },
    Domain {
        name: "Death", table: "death", id: "person_id",
        concept: Some("cause_concept_id"), source: Some(("DeathSourceConcept", "cause_source_concept_id")),
        start: "x.death_date", end: "x.death_date + INTERVAL '1 day'",
        has_visit: false, has_first: false,
        asks: &[START, AGE, GENDER, ("DeathType", Concepts(Row, "C.death_type_concept_id"))],
        columns: &[("DOMAIN_CONCEPT", "coalesce(C.cause_concept_id, 0)"), ONE_DAY],
    },
    Domain {
        name: "ObservationPeriod", table: "observation_period", id: "observation_period_id",
        concept: None, source: None,
        start: "x.observation_period_start_date", end: "x.observation_period_end_date",
        has_visit: false, has_first: true,
        asks: &[
            ("PeriodStartDate", Days("C.start_date")), ("PeriodEndDate", Days("C.end_date")), ("PeriodLength", Whole(LENGTH)),
            ("PeriodType", Concepts(Row, "C.period_type_concept_id")), ("UserDefinedPeriod", Period), AGE_AT_START, AGE_AT_END,
        ],
        columns: &[("DOMAIN_CONCEPT", "C.period_type_concept_id"), DURATION],
    },
    Domain {
        name: "PayerPlanPeriod", table: "payer_plan_period", id: "payer_plan_period_id",
        concept: None, source: None,
        start: "x.payer_plan_period_start_date", end: "x.payer_plan_period_end_date",
        has_visit: false, has_first: true,
        asks: &[
            ("PeriodStartDate", Days("C.start_date")), ("PeriodEndDate", Days("C.end_date")), ("PeriodLength", Whole(LENGTH)),
            ("UserDefinedPeriod", Period), AGE_AT_START, AGE_AT_END, GENDER,
            ("PayerConcept", Codeset("C.payer_concept_id")), ("PlanConcept", Codeset("C.plan_concept_id")),
            ("SponsorConcept", Codeset("C.sponsor_concept_id")), ("StopReasonConcept", Codeset("C.stop_reason_concept_id")),
            ("PayerSourceConcept", Codeset("C.payer_source_concept_id")), ("PlanSourceConcept", Codeset("C.plan_source_concept_id")),
            ("SponsorSourceConcept", Codeset("C.sponsor_source_concept_id")),
            ("StopReasonSourceConcept", Codeset("C.stop_reason_source_concept_id")),
        ],
        columns: &[("DOMAIN_CONCEPT", "C.payer_concept_id")],
    },
];

/// When a drug ends that may not say so: after its supply, else the next day.
pub(super) const DRUG_END: &str = "coalesce(x.drug_exposure_end_date, \
    CAST(CAST(x.drug_exposure_start_date AS INT) + CAST(x.days_supply AS INT) AS DATE), \
    x.drug_exposure_start_date + INTERVAL '1 day')";

/// What demographic criteria ask of a person, beside age and dates.
pub(super) const DEMOGRAPHIC: &[(&str, Ask)] = &[
    GENDER,
    ("Race", Concepts(Person, "P.race_concept_id")),
    ("Ethnicity", Concepts(Person, "P.ethnicity_concept_id")),
];
