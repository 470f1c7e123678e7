//! IN1 (and the relationship in IN2) to Coverage.

use super::coded::concept_of;
use super::context::{Context, Fill, resource};
use super::parts::{Parts, repeats};
use super::patient::Subject;
use super::tables::{TERMINOLOGY, subscriber_relationship};
use super::transaction::{Key, Write};
use crate::message::Segment;
use fhir::json::Tree;

impl<'m> Context<'m> {
    /// IN1: an insurance of the patient.
    pub(super) fn coverage(&self, in1: Segment<'m>, subject: &Subject) -> Key {
        self.pass(in1, [1]);
        let mut coverage = resource("Coverage");
        let plan = Parts::from(self.take(in1, 2));
        let plan_code = self.text(plan.first(1));
        let plan_name = self.text(plan.part(2));
        let policy = self.field_text(in1, 36);
        let policy_system = self.source_system("policy");
        if let Some(policy) = &policy {
            coverage
                .push("identifier", Tree::from([("system", policy_system.into()), ("value", policy.as_str().into())]));
        }
        if let Some(code) = &plan_code {
            let mut identifier = Tree::object();
            identifier.fill("system", self.coding(plan, None).and_then(|coding| coding.get("system").cloned()));
            identifier.set("value", code.as_str());
            coverage.push("identifier", identifier);
        }
        coverage.set("status", "active");
        coverage.fill("type", self.concept(self.take(in1, 15).into(), Some("0086")));
        let subscriber_ids: Vec<_> =
            repeats(self.take(in1, 49)).filter_map(|parts| self.cx(parts, "subscriber")).collect();
        coverage.fill("subscriberId", subscriber_ids.first().map(|identified| identified.value.as_str()));
        coverage.set("beneficiary", subject.reference.clone());
        let relation_parts = Parts::from(self.take(in1, 17));
        let relation = self.code(relation_parts.first(1)).unwrap_or_default();
        match subscriber_relationship(&relation) {
            Some(code) => {
                let mut concept = Tree::object();
                concept.push(
                    "coding",
                    Tree::from([
                        ("system", format!("{TERMINOLOGY}subscriber-relationship").into()),
                        ("code", code.into()),
                    ]),
                );
                concept.fill("text", self.text(relation_parts.part(2)));
                coverage.set("relationship", concept);
            }
            None => {
                coverage.fill("relationship", self.concept(relation_parts, Some("0063")));
            }
        }
        coverage.fill("subscriber", self.subscriber(in1, subject, &relation));
        coverage.fill("period", self.period(self.take(in1, 12).into(), self.take(in1, 13).into()));
        let payors = self.payors(in1);
        if payors.is_empty() {
            // Coverage needs a payor: the plan's name stands for one that is not named.
            let display = plan_name.clone().or_else(|| plan_code.clone()).unwrap_or_else(|| "not given".to_owned());
            coverage.push("payor", Tree::from([("display", display.into())]));
        } else {
            coverage.fill_all("payor", payors);
        }
        for (kind, display, value, name) in [
            ("plan", "Plan", plan_code.clone(), plan_name),
            ("group", "Group", self.field_text(in1, 8), self.field_text(in1, 9)),
        ] {
            let Some(value) = value.or_else(|| name.clone()) else { continue };
            let mut class = Tree::object();
            class.set("type", concept_of(&format!("{TERMINOLOGY}coverage-class"), (kind, display)));
            class.set("value", value);
            class.fill("name", name);
            coverage.push("class", class);
        }
        if let Some(order) =
            self.field_text(in1, 22).and_then(|order| order.parse::<u32>().ok()).filter(|order| *order > 0)
        {
            coverage.set("order", i64::from(order));
        }
        let company = self.text(Parts::from(in1.field(3)).first(1)).unwrap_or_default();
        let known_by = policy.or_else(|| subscriber_ids.first().map(|identified| identified.value.clone()));
        let parts =
            [subject.token.as_str(), plan_code.as_deref().unwrap_or(""), &company, known_by.as_deref().unwrap_or("")];
        let key = self.derived_key("Coverage", "coverage", &parts);
        self.put(key.clone(), Write::Update, coverage, Vec::new());
        key
    }

    /// The insurance company: IN1-3 its number, IN1-4 its name, IN1-5 and 7 where it is reached.
    fn payors(&self, in1: Segment<'m>) -> Vec<Tree> {
        let address = self.xads(self.take(in1, 5));
        let telecom = self.xtns(self.take(in1, 7), Some("work"));
        let company = repeats(self.take(in1, 3)).find_map(|parts| self.cx(parts, "payor"));
        let name = repeats(self.take(in1, 4)).next();
        let name_text = name.and_then(|parts| self.text(parts.part(1)));
        match (company, name) {
            (Some(company), _) => {
                let Some(system) = company.system else { return Vec::new() };
                let key = Key { resource_type: "Organization", system, value: company.value };
                let mut organization = resource("Organization");
                organization.push("identifier", company.tree);
                organization.fill("name", name_text.clone());
                organization.fill_all("telecom", telecom);
                organization.fill_all("address", address);
                let mut reference = self.put(key, Write::CreateIfAbsent, organization, Vec::new());
                reference.fill("display", name_text);
                vec![reference]
            }
            (None, Some(name)) => self.organization(name, address, telecom).into_iter().collect(),
            (None, None) => Vec::new(),
        }
    }

    /// IN1-16 to 19 and 43: the insured, if it is another than the patient.
    fn subscriber(&self, in1: Segment<'m>, subject: &Subject, relation: &str) -> Option<Tree> {
        let names = self.xpns(self.take(in1, 16));
        if matches!(relation, "SEL" | "18") {
            self.pass(in1, [18, 19, 43]);
            return Some(subject.reference.clone());
        }
        let name = names.first().and_then(Self::name_text)?;
        let key = self.shared_key("RelatedPerson", "related-person", &[&subject.token, "insured", &name]);
        let mut person = resource("RelatedPerson");
        person.set("patient", subject.reference.clone());
        let role = self.mapped_concept(in1.field(17).into(), "0063", super::tables::relationship);
        person.fill_all("relationship", role.into_iter().collect());
        person.fill_all("name", names);
        person.fill("gender", self.field_text(in1, 43).as_deref().and_then(super::tables::gender));
        person.fill("birthDate", self.date(self.take(in1, 18).into()));
        person.fill_all("address", self.xads(self.take(in1, 19)));
        let mut reference = self.put(key, Write::Update, person, Vec::new());
        reference.set("display", name);
        Some(reference)
    }
}
