//! Clinical statements: which rule takes each, and what becomes of those that none takes.

use super::context::Context;
use super::draft::{Draft, Ref};
use super::element::El;
use super::template::{Kind, kind};

/// Statements in one another. No template nests a tenth of it.
const DEPTH_MAX: usize = 24;

/// Where a statement stands.
#[derive(Clone, Copy)]
pub(super) struct Surroundings<'d> {
    /// The code of the section.
    pub(super) code: &'d str,
    /// The statement it is in.
    pub(super) parent: Option<El<'d>>,
    depth: usize,
}

impl<'d> Surroundings<'d> {
    pub(super) fn of_section(code: &'d str) -> Self {
        Surroundings { code, parent: None, depth: 0 }
    }

    fn within(self, parent: El<'d>) -> Self {
        Surroundings { parent: Some(parent), depth: self.depth + 1, ..self }
    }
}

/// What a rule made of a statement.
pub(super) enum Outcome {
    /// A resource that stands for it.
    Made(Ref),
    /// It only holds others.
    Wrapper,
    /// It names resources of other statements.
    Mentions(Vec<Ref>),
    /// Nothing, and why.
    Listed(String),
}

impl From<Ref> for Outcome {
    fn from(made: Ref) -> Self {
        Outcome::Made(made)
    }
}

impl From<Option<Ref>> for Outcome {
    fn from(made: Option<Ref>) -> Self {
        made.map_or_else(|| Outcome::Listed("it says nothing that FHIR has an element for".into()), Outcome::Made)
    }
}

impl<'d> Context<'d> {
    /// What a statement and those in it became.
    pub(super) fn statements_in(&self, el: El<'d>, around: &Surroundings<'d>) -> Vec<Ref> {
        let mut out = Vec::new();
        self.statement(el, around, &mut out);
        out
    }

    /// What a statement in another became: of itself alone, to be referred to.
    pub(super) fn inner(&self, el: El<'d>, parent: El<'d>, around: &Surroundings<'d>) -> Vec<Ref> {
        self.statements_in(el, &around.within(parent))
    }

    fn statement(&self, el: El<'d>, around: &Surroundings<'d>, out: &mut Vec<Ref>) {
        if !self.claim(el) {
            out.extend(self.made_of(el));
            return;
        }
        if around.depth > DEPTH_MAX {
            let why = format!("it is nested deeper than {DEPTH_MAX} statements");
            self.list(el, why.as_str());
            self.list_within(el, &why);
            return;
        }
        let kind = kind(el);
        if let Some(whom) = of_another(el).filter(|_| kind != Some(Kind::FamilyOrganizer)) {
            let why = format!("it is about another than the patient: {whom}");
            self.list(el, why.as_str());
            self.list_within(el, &why);
            return;
        }
        match self.map(kind, el, around) {
            Outcome::Made(made) => {
                self.stands_for(kind.map_or("observation", Kind::name), el, &made);
                self.unsaid(el, made.kind);
                out.push(made);
            }
            Outcome::Wrapper => {}
            Outcome::Mentions(all) => out.extend(all),
            Outcome::Listed(why) => self.list(el, why),
        }
        if kind == Some(Kind::FamilyOrganizer) {
            self.list_within(el, "it is about a relative, and no observation of family history");
            return;
        }
        for (_, inner) in el.related() {
            if !self.is_claimed(inner) {
                self.statement(inner, &around.within(el), out);
            }
        }
        // A document may put statements where CDA has none; they are not lost either.
        for other in el.elements().filter(|other| other.is_statement() && !self.is_claimed(*other)) {
            self.statement(other, &around.within(el), out);
        }
    }

    /// Lists the statements in an element that no rule took.
    pub(super) fn list_within(&self, el: El<'d>, why: &str) {
        let inner = el.0.descendants().skip(1).filter(roxmltree::Node::is_element).map(El);
        for statement in inner.filter(|el| el.is_statement()) {
            if self.claim(statement) {
                self.list(statement, why);
            }
        }
    }

    fn map(&self, kind: Option<Kind>, el: El<'d>, around: &Surroundings<'d>) -> Outcome {
        let Some(kind) = kind else {
            if el.name() == "encounter" && around.parent.is_some() && Self::is_bare(el) {
                // Where something happened, by number: it refers to an encounter.
                let all = self.encounters_numbered(el);
                return if all.is_empty() {
                    Outcome::Listed("it names an encounter that the document does not tell of".into())
                } else {
                    Outcome::Mentions(all)
                };
            }
            let why =
                if el.templates().next().is_some() { "no template of it is known" } else { "it names no template" };
            return Outcome::Listed(why.into());
        };
        if let Some(flavor) = el.null() {
            return Outcome::Listed(format!("it says that there is nothing to tell (nullFlavor {flavor})"));
        }
        match kind {
            Kind::Problem => self.problem(el, around).into(),
            Kind::Allergy => self.allergy(el).into(),
            Kind::Medication | Kind::PlannedMedication => self.medication(el, around).into(),
            Kind::SupplyOrder => self.supply_order(el).into(),
            Kind::Dispense => self.dispense(el).into(),
            Kind::Immunization => self.immunization(el, around),
            Kind::PlannedImmunization => self.planned_immunization(el),
            Kind::ResultOrganizer => self.report(el, around).into(),
            Kind::VitalOrganizer | Kind::Panel(_) => self.panel(kind, el, around).into(),
            Kind::Result | Kind::Vital | Kind::Smoking | Kind::Observed(_) | Kind::Reaction | Kind::Priority => {
                self.observation(kind, el, around).into()
            }
            Kind::Procedure | Kind::ProcedureAct | Kind::ProcedureObservation | Kind::Intervention => {
                self.procedure_or_request(el, around).into()
            }
            Kind::Request | Kind::Instruction => self.request(el, around).into(),
            Kind::Encounter => self.encounter_entry(el, around).into(),
            Kind::Goal => self.goal(el, around).into(),
            Kind::Policy | Kind::Coverage | Kind::DeviceSupply if el.is_negated() => {
                Outcome::Listed("it is negated, which FHIR has no element for".into())
            }
            Kind::Coverage => self.coverage(el),
            Kind::Policy => self.policy(el, None).into(),
            Kind::FamilyOrganizer => self.family(el).into(),
            Kind::DeviceSupply => self.device_supply(el, around).into(),
            Kind::CareTeam => self.care_team_entry(el).into(),
            Kind::Note => self.note_activity(el).into(),
            Kind::Communication => self.communication(el).into(),
            Kind::Media => self.media(el).into(),
            Kind::Wrapper if el.related().next().is_none() => {
                Outcome::Listed("it holds no statement; its text is in the section".into())
            }
            Kind::Wrapper => Outcome::Wrapper,
            Kind::Reference => {
                let all = self.referred(el);
                if all.is_empty() {
                    Outcome::Listed("it refers to a statement that is not in the document, or not mapped".into())
                } else {
                    Outcome::Mentions(all)
                }
            }
            Kind::Comment => {
                Outcome::Listed("a comment on what FHIR has no note for; its text is in the section".into())
            }
            Kind::TeamMember => Outcome::Listed("a member of no team".into()),
            Kind::Authorization => Outcome::Listed("authorizations of an insurer are not mapped".into()),
            Kind::FamilyObservation => {
                Outcome::Listed("an observation of a relative outside of a family history organizer".into())
            }
            Kind::ProblemStatus
            | Kind::Severity
            | Kind::Criticality
            | Kind::AgeAtOnset
            | Kind::DateOfDiagnosis
            | Kind::Indication
            | Kind::Refusal
            | Kind::DoseOfSeries
            | Kind::FreeTextSig
            | Kind::DeathCause => Outcome::Listed(
                "what it tells of the statement it is in has no element there, or one that is taken".into(),
            ),
        }
    }

    /// What an Entry Reference leads to, as far as it is mapped.
    fn referred(&self, el: El<'d>) -> Vec<Ref> {
        self.targets(el).into_iter().flat_map(|target| self.made_within(target)).collect()
    }

    /// What stands for a statement; of one that only holds others, what stands for those.
    pub(super) fn made_within(&self, el: El<'d>) -> Vec<Ref> {
        match self.made_of(el) {
            Some(made) => vec![made],
            None if kind(el) == Some(Kind::Wrapper) => {
                el.related().take(64).filter_map(|(_, inner)| self.made_of(inner)).collect()
            }
            None => Vec::new(),
        }
    }

    /// The statements that an Entry Reference means.
    pub(super) fn targets(&self, el: El<'d>) -> Vec<El<'d>> {
        el.all("id")
            .filter_map(|id| {
                let id = (id.attr("root").unwrap_or_default(), id.attr("extension").unwrap_or_default());
                let all = self.statements.get(&id)?;
                // Reused ids: the first that is not itself a reference. A bound keeps many references to many equal ids cheap.
                all.iter().take(16).copied().find(|other| *other != el && kind(*other) != Some(Kind::Reference))
            })
            .collect()
    }

    /// A resource with the identifiers of its statement.
    pub(super) fn begin(&self, name: &'static str, el: El<'d>) -> Draft<'d> {
        let mut draft = Draft::new(name, el);
        draft.push_all("identifier", self.identifiers(el).into_iter().map(|(identified, el)| (identified.tree, el)));
        draft
    }

    /// The statements directly in one that are of a kind. What says that there is nothing to tell is none.
    pub(super) fn parts(el: El<'d>, of: Kind) -> Vec<El<'d>> {
        let all = el.related().map(|(_, inner)| inner);
        all.filter(|inner| kind(*inner) == Some(of) && inner.null().is_none()).collect()
    }

    /// The same, claimed for the rule that asks.
    pub(super) fn take(&self, el: El<'d>, of: Kind) -> Vec<El<'d>> {
        let parts = Self::parts(el, of);
        for part in &parts {
            self.claim(*part);
        }
        parts
    }

    /// Comments on a statement become notes.
    pub(super) fn comments(&self, draft: &mut Draft<'d>, el: El<'d>) {
        for comment in Self::parts(el, Kind::Comment) {
            if let Some(text) = self.statement_text(comment) {
                self.claim(comment);
                draft.push("note", self.annotation(comment, text), comment);
            }
        }
    }

    /// The statement that one is in.
    pub(super) fn parent_statement(el: El<'d>) -> Option<El<'d>> {
        let mut at = el.parent()?;
        loop {
            if at.is_statement() {
                return Some(at);
            }
            if at.name() == "section" || at.name() == "ClinicalDocument" {
                return None;
            }
            at = at.parent()?;
        }
    }
}

/// Whom a statement is about, by its own subject or that of the section it stands in, if not the patient.
fn of_another(el: El<'_>) -> Option<String> {
    let mut at = Some(el);
    while let Some(place) = at {
        if let Some(related) = place.get("subject").and_then(|subject| subject.get("relatedSubject")) {
            let code = related.get("code");
            let is_patient = code.is_some_and(|code| code.codes().any(|code| matches!(code, "SELF" | "ONESELF")));
            if related.says_something() && !is_patient {
                let words = code.and_then(|code| code.attr("displayName").or(code.attr("code")));
                let name = || related.get("subject")?.get("name")?.plain();
                return Some(words.map(str::to_owned).or_else(name).unwrap_or_else(|| "a relative".to_owned()));
            }
            return None;
        }
        // Statements around it were asked before.
        at = if place.is_statement() { place.section() } else { place.parent().and_then(El::section) };
    }
    None
}
