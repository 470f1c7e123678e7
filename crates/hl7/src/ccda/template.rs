//! What a statement is, by the templates it says it follows: those of C-CDA (with any version), and those of C32, CCD 1.0 and IHE that came before.

use super::element::El;

/// What a statement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    // Ordered: of several templates the first here holds, since a more special one names a more general one beside itself.
    Vital,
    VitalOrganizer,
    Smoking,
    Immunization,
    Problem,
    Allergy,
    Medication,
    Result,
    ResultOrganizer,
    Procedure,
    ProcedureAct,
    ProcedureObservation,
    Encounter,
    Goal,
    Coverage,
    Policy,
    FamilyOrganizer,
    FamilyObservation,
    /// An observation of its own, with a category.
    Observed(Category),
    /// An organizer that is a panel.
    Panel(Category),
    /// Holds others and says nothing of its own but what they read from it.
    Wrapper,
    /// Something asked for or planned.
    Request,
    Instruction,
    PlannedMedication,
    PlannedImmunization,
    SupplyOrder,
    Dispense,
    DeviceSupply,
    CareTeam,
    Note,
    Communication,
    Intervention,
    Media,
    // Read by what they stand in.
    Reference,
    Comment,
    ProblemStatus,
    Severity,
    Criticality,
    AgeAtOnset,
    DateOfDiagnosis,
    Reaction,
    Indication,
    Refusal,
    DoseOfSeries,
    Priority,
    FreeTextSig,
    DeathCause,
    TeamMember,
    Authorization,
}

/// `Observation.category`
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Category {
    Social,
    Functional,
    Cognitive,
    Survey,
    Exam,
    Imaging,
    Directive,
    None,
}

impl Kind {
    /// The name in the list of what was taken.
    pub(super) fn name(self) -> &'static str {
        match self {
            Kind::Vital => "vital",
            Kind::VitalOrganizer => "vital_organizer",
            Kind::Smoking => "smoking",
            Kind::Immunization => "immunization",
            Kind::Problem => "problem",
            Kind::Allergy => "allergy",
            Kind::Medication => "medication",
            Kind::Result => "result",
            Kind::ResultOrganizer => "result_organizer",
            Kind::Procedure => "procedure",
            Kind::ProcedureAct => "procedure_act",
            Kind::ProcedureObservation => "procedure_observation",
            Kind::Encounter => "encounter",
            Kind::Goal => "goal",
            Kind::Coverage | Kind::Policy => "coverage",
            Kind::FamilyOrganizer | Kind::FamilyObservation => "family_history",
            Kind::Panel(_) => "panel",
            Kind::Request => "request",
            Kind::Instruction => "instruction",
            Kind::PlannedMedication => "planned_medication",
            Kind::PlannedImmunization => "planned_immunization",
            Kind::SupplyOrder => "supply_order",
            Kind::Dispense => "dispense",
            Kind::DeviceSupply => "device",
            Kind::CareTeam => "care_team",
            Kind::Note => "note",
            Kind::Communication => "communication",
            Kind::Intervention => "intervention",
            Kind::Media => "media",
            _ => "observation",
        }
    }
}

/// `2.16.840.1.113883.10.20.`
const HL7: &str = "2.16.840.1.113883.10.20.";
/// `2.16.840.1.113883.3.88.11.83.`
const HITSP: &str = "2.16.840.1.113883.3.88.11.83.";
/// `1.3.6.1.4.1.19376.1.5.3.1.4.`
const IHE: &str = "1.3.6.1.4.1.19376.1.5.3.1.4.";

/// C-CDA entries, by what follows `2.16.840.1.113883.10.20.`
const ENTRIES: &[(&str, Kind)] = &[
    ("22.4.1", Kind::ResultOrganizer),
    ("22.4.2", Kind::Result),
    ("22.4.3", Kind::Wrapper),
    ("22.4.4", Kind::Problem),
    ("22.4.5", Kind::Observed(Category::None)),
    ("22.4.6", Kind::ProblemStatus),
    ("22.4.7", Kind::Allergy),
    ("22.4.8", Kind::Severity),
    ("22.4.9", Kind::Reaction),
    ("22.4.12", Kind::ProcedureAct),
    ("22.4.13", Kind::ProcedureObservation),
    ("22.4.14", Kind::Procedure),
    ("22.4.16", Kind::Medication),
    ("22.4.17", Kind::SupplyOrder),
    ("22.4.18", Kind::Dispense),
    ("22.4.19", Kind::Indication),
    ("22.4.20", Kind::Instruction),
    ("22.4.26", Kind::VitalOrganizer),
    ("22.4.27", Kind::Vital),
    ("22.4.28", Kind::ProblemStatus),
    ("22.4.30", Kind::Wrapper),
    ("22.4.31", Kind::AgeAtOnset),
    ("22.4.33", Kind::Wrapper),
    ("22.4.34", Kind::Wrapper),
    ("22.4.35", Kind::Wrapper),
    ("22.4.36", Kind::Wrapper),
    ("22.4.38", Kind::Observed(Category::Social)),
    ("22.4.39", Kind::Request),
    ("22.4.40", Kind::Request),
    ("22.4.41", Kind::Request),
    ("22.4.42", Kind::PlannedMedication),
    ("22.4.43", Kind::Request),
    ("22.4.44", Kind::Request),
    ("22.4.45", Kind::FamilyOrganizer),
    ("22.4.46", Kind::FamilyObservation),
    ("22.4.47", Kind::DeathCause),
    ("22.4.48", Kind::Observed(Category::Directive)),
    ("22.4.49", Kind::Encounter),
    ("22.4.50", Kind::DeviceSupply),
    ("22.4.51", Kind::Wrapper),
    ("22.4.52", Kind::Immunization),
    ("22.4.53", Kind::Refusal),
    ("22.4.60", Kind::Coverage),
    ("22.4.61", Kind::Policy),
    ("22.4.64", Kind::Comment),
    ("22.4.65", Kind::Wrapper),
    ("22.4.66", Kind::Panel(Category::Functional)),
    ("22.4.67", Kind::Observed(Category::Functional)),
    ("22.4.68", Kind::Problem),
    ("22.4.69", Kind::Observed(Category::Survey)),
    ("22.4.72", Kind::Observed(Category::Social)),
    ("22.4.73", Kind::Problem),
    ("22.4.74", Kind::Observed(Category::Cognitive)),
    ("22.4.75", Kind::Panel(Category::Cognitive)),
    ("22.4.76", Kind::Observed(Category::Exam)),
    ("22.4.77", Kind::Observed(Category::Exam)),
    ("22.4.78", Kind::Smoking),
    ("22.4.79", Kind::Observed(Category::None)),
    ("22.4.80", Kind::Wrapper),
    ("22.4.85", Kind::Observed(Category::Social)),
    ("22.4.86", Kind::Observed(Category::Survey)),
    ("22.4.108", Kind::Panel(Category::Directive)),
    ("22.4.109", Kind::Observed(Category::Social)),
    ("22.4.110", Kind::Observed(Category::None)),
    ("22.4.111", Kind::Observed(Category::Social)),
    ("22.4.113", Kind::Observed(Category::None)),
    ("22.4.114", Kind::Observed(Category::Exam)),
    ("22.4.118", Kind::DoseOfSeries),
    ("22.4.119", Kind::TeamMember),
    ("22.4.120", Kind::PlannedImmunization),
    ("22.4.121", Kind::Goal),
    ("22.4.122", Kind::Reference),
    ("22.4.123", Kind::Request),
    ("22.4.124", Kind::Observed(Category::Exam)),
    ("22.4.127", Kind::Observed(Category::Functional)),
    ("22.4.128", Kind::Observed(Category::Functional)),
    ("22.4.130", Kind::Request),
    ("22.4.131", Kind::Intervention),
    ("22.4.132", Kind::Wrapper),
    ("22.4.133", Kind::Observed(Category::Exam)),
    ("22.4.134", Kind::Observed(Category::Exam)),
    ("22.4.135", Kind::Wrapper),
    ("22.4.136", Kind::Wrapper),
    ("22.4.138", Kind::Observed(Category::Exam)),
    ("22.4.140", Kind::Request),
    ("22.4.141", Kind::Communication),
    ("22.4.143", Kind::Priority),
    ("22.4.144", Kind::Observed(Category::None)),
    ("22.4.145", Kind::Criticality),
    ("22.4.146", Kind::Request),
    ("22.4.147", Kind::FreeTextSig),
    ("22.4.200", Kind::Observed(Category::Social)),
    ("22.4.201", Kind::Observed(Category::None)),
    ("22.4.202", Kind::Note),
    ("22.4.281", Kind::Observed(Category::Social)),
    ("22.4.282", Kind::Observed(Category::Social)),
    ("22.4.293", Kind::Observed(Category::Social)),
    ("22.4.500", Kind::CareTeam),
    ("22.4.500.1", Kind::TeamMember),
    ("22.4.501", Kind::Observed(Category::Social)),
    ("22.4.502", Kind::DateOfDiagnosis),
    ("22.4.503", Kind::Observed(Category::Social)),
    ("22.4.505", Kind::Observed(Category::Functional)),
    ("22.4.506", Kind::Observed(Category::Social)),
    ("22.4.507", Kind::Observed(Category::Social)),
    ("34.3.45", Kind::Observed(Category::Social)),
    ("15.3.8", Kind::Observed(Category::Social)),
    ("15.3.1", Kind::Observed(Category::None)),
    ("6.2.12", Kind::Observed(Category::Imaging)),
    ("6.2.13", Kind::Observed(Category::Imaging)),
    ("6.2.14", Kind::Observed(Category::Imaging)),
    // CCD 1.0.
    ("1.17", Kind::Observed(Category::Directive)),
    ("1.18", Kind::Allergy),
    ("1.19", Kind::Authorization),
    ("1.20", Kind::Coverage),
    ("1.21", Kind::Encounter),
    ("1.22", Kind::FamilyObservation),
    ("1.23", Kind::FamilyOrganizer),
    ("1.24", Kind::Medication),
    ("1.25", Kind::Request),
    ("1.26", Kind::Policy),
    ("1.27", Kind::Wrapper),
    ("1.28", Kind::Problem),
    ("1.29", Kind::Procedure),
    ("1.31", Kind::Result),
    ("1.32", Kind::ResultOrganizer),
    ("1.33", Kind::Observed(Category::Social)),
    ("1.34", Kind::SupplyOrder),
    ("1.35", Kind::VitalOrganizer),
    ("1.38", Kind::AgeAtOnset),
    ("1.39", Kind::ProblemStatus),
    ("1.40", Kind::Comment),
    ("1.47", Kind::ProblemStatus),
    ("1.49", Kind::Instruction),
    ("1.50", Kind::ProblemStatus),
    ("1.51", Kind::Observed(Category::None)),
    ("1.54", Kind::Reaction),
    ("1.55", Kind::Severity),
    ("1.57", Kind::ProblemStatus),
];

/// HITSP C32 and C83 entries, by what follows `2.16.840.1.113883.3.88.11.83.`
const C32_ENTRIES: &[(&str, Kind)] = &[
    ("5", Kind::Coverage),
    ("6", Kind::Allergy),
    ("7", Kind::Wrapper),
    ("8", Kind::Medication),
    ("8.3", Kind::SupplyOrder),
    ("11", Kind::Comment),
    ("12", Kind::Observed(Category::Directive)),
    ("13", Kind::Immunization),
    ("14", Kind::Vital),
    ("15", Kind::Result),
    ("15.1", Kind::Result),
    ("16", Kind::Encounter),
    ("17", Kind::Procedure),
    ("18", Kind::FamilyOrganizer),
    ("19", Kind::Observed(Category::Social)),
];

/// IHE PCC entries, by what follows `1.3.6.1.4.1.19376.1.5.3.1.4.`
const IHE_ENTRIES: &[(&str, Kind)] = &[
    ("1", Kind::Severity),
    ("1.1", Kind::ProblemStatus),
    ("2", Kind::Comment),
    ("3", Kind::Instruction),
    ("5", Kind::Problem),
    ("5.1", Kind::Wrapper),
    ("5.2", Kind::Wrapper),
    ("5.3", Kind::Wrapper),
    ("6", Kind::Allergy),
    ("7", Kind::Medication),
    ("7.3", Kind::SupplyOrder),
    ("12", Kind::Immunization),
    ("13", Kind::Result),
    ("13.1", Kind::VitalOrganizer),
    ("13.2", Kind::Vital),
    ("13.3", Kind::FamilyObservation),
    ("13.4", Kind::Observed(Category::Social)),
    ("13.5", Kind::Observed(Category::Social)),
    ("13.7", Kind::Observed(Category::Directive)),
    ("14", Kind::Encounter),
    ("15", Kind::FamilyOrganizer),
    ("17", Kind::Coverage),
    ("18", Kind::Policy),
    ("19", Kind::Procedure),
];

fn of_template(template: &str) -> Option<Kind> {
    let (table, name) = if let Some(name) = template.strip_prefix(HL7) {
        (ENTRIES, name)
    } else if let Some(name) = template.strip_prefix(HITSP) {
        (C32_ENTRIES, name)
    } else {
        (IHE_ENTRIES, template.strip_prefix(IHE)?)
    };
    table.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
}

/// What a statement is; `None` if no template of it is known.
///
/// A template that does not fit its element (an observation of a concern act's template) is passed over.
pub(super) fn kind(el: El<'_>) -> Option<Kind> {
    let known = el.templates().filter_map(of_template).filter(|kind| fits(*kind, el)).min();
    known.or_else(|| (el.name() == "observationMedia").then_some(Kind::Media)).or_else(|| by_organizer(el))
}

/// What an observation without a template is by the organizer that it stands in.
fn by_organizer(el: El<'_>) -> Option<Kind> {
    if el.name() != "observation" || el.templates().next().is_some() {
        return None;
    }
    let organizer = el.parent()?.parent().filter(|parent| parent.name() == "organizer")?;
    match organizer.templates().filter_map(of_template).filter(|kind| fits(*kind, organizer)).min()? {
        Kind::ResultOrganizer => Some(Kind::Result),
        Kind::VitalOrganizer => Some(Kind::Vital),
        _ => None,
    }
}

/// True if the element can be what the template says.
fn fits(kind: Kind, el: El<'_>) -> bool {
    match kind {
        Kind::Medication | Kind::Immunization | Kind::PlannedMedication | Kind::PlannedImmunization => {
            el.name() == "substanceAdministration"
        }
        Kind::FreeTextSig => el.name() == "substanceAdministration",
        Kind::SupplyOrder | Kind::Dispense | Kind::DeviceSupply => el.name() == "supply",
        Kind::Problem
        | Kind::Allergy
        | Kind::Vital
        | Kind::Result
        | Kind::Smoking
        | Kind::Goal
        | Kind::FamilyObservation => el.name() == "observation",
        Kind::VitalOrganizer | Kind::ResultOrganizer | Kind::FamilyOrganizer | Kind::Panel(_) => {
            el.name() == "organizer"
        }
        Kind::Encounter => el.name() == "encounter",
        Kind::Procedure | Kind::ProcedureAct | Kind::ProcedureObservation => {
            matches!(el.name(), "procedure" | "act" | "observation")
        }
        _ => true,
    }
}
