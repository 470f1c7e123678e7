//! RF1 and PRD to ServiceRequest: a referral, by whom, to whom.

use super::coded::concept_of;
use super::context::{Context, Fill, resource};
use super::order::Patient;
use super::parts::{Parts, repeats};
use super::transaction::{Key, Write};
use crate::message::Segment;
use fhir::json::Tree;

/// SNOMED CT: patient referral.
const REFERRAL: (&str, &str) = ("3457005", "Patient referral");

/// Table 0283 to request-status.
fn referral_status(code: &str) -> Option<&'static str> {
    match code {
        "A" => Some("active"),
        "P" => Some("draft"),
        "R" => Some("revoked"),
        "E" => Some("completed"),
        _ => None,
    }
}

/// Table 0280 to request-priority.
fn referral_priority(code: &str) -> Option<&'static str> {
    match code {
        "S" => Some("stat"),
        "A" => Some("asap"),
        "R" => Some("routine"),
        _ => None,
    }
}

impl<'m> Context<'m> {
    /// RF1, with the PRD of its message.
    pub(super) fn referral(
        &self,
        rf1: Segment<'m>,
        providers: &[Segment<'m>],
        patient: &Patient<'_>,
        is_cancelled: bool,
    ) -> Key {
        let mut request = resource("ServiceRequest");
        let own = self.ei(self.take(rf1, 6).into(), "referral", None);
        let outer = self.ei(self.take(rf1, 11).into(), "external-referral", None);
        request.fill_all("identifier", [&own, &outer].into_iter().flatten().map(|id| id.tree.clone()).collect());
        let told = self.field_text(rf1, 1).and_then(|code| referral_status(&code));
        let status = if is_cancelled { Some("revoked") } else { told };
        request.set("status", status.unwrap_or("active"));
        request.set("intent", "order");
        request.push("category", concept_of("http://snomed.info/sct", REFERRAL));
        for (number, table) in [(3, "0281"), (5, "0284")] {
            request
                .fill_all("category", self.concept(self.take(rf1, number).into(), Some(table)).into_iter().collect());
        }
        request.fill("priority", self.field_text(rf1, 2).as_deref().and_then(referral_priority));
        request.fill_all("orderDetail", self.concepts(self.take(rf1, 4), Some("0282")));
        request.set("subject", patient.subject.reference.clone());
        request.fill("encounter", patient.encounter.clone());
        request.fill("occurrencePeriod", self.period(self.take(rf1, 7).into(), self.take(rf1, 8).into()));
        request.fill("authoredOn", self.date_time(self.take(rf1, 9).into()));
        request.fill_all("reasonCode", self.concepts(self.take(rf1, 10), Some("0336")));
        if let Some(reason) = self.text(Parts::from(self.take(rf1, 14)).whole()) {
            request.push("reasonCode", Tree::from([("text", reason.into())]));
        }
        if let Some(comment) = self.text(Parts::from(self.take(rf1, 24)).whole()) {
            request.push("note", Tree::from([("text", comment.into())]));
        }
        for prd in providers {
            self.provider(*prd, &mut request);
        }
        // Who is authorized to do it, where nobody is named that it is referred to.
        let performers = [
            repeats(self.take(rf1, 19)).next().and_then(|parts| self.organization(parts, Vec::new(), Vec::new())),
            self.practitioners(self.take(rf1, 20)).into_iter().next(),
        ];
        if request.get("performer").is_none() {
            request.fill_all("performer", performers.into_iter().flatten().collect());
        }
        let known = own.as_ref().or(outer.as_ref());
        let key = known.and_then(|id| {
            Some(Key { resource_type: "ServiceRequest", system: id.system.clone()?, value: id.value.clone() })
        });
        let key = key.unwrap_or_else(|| {
            self.warn(*rf1.field(6), "no referral number: a change of this referral cannot be told from a new one");
            let parts = [patient.subject.token.as_str(), self.content_token()];
            self.derived_key("ServiceRequest", "referral-of-message", &parts)
        });
        self.put(key.clone(), Write::Update, request, Vec::new());
        if status.is_none() {
            self.assume(&key, "status");
        }
        if let (Some(_), Some(outer)) = (&own, &outer)
            && let Some(system) = &outer.system
        {
            let other = Key { resource_type: "ServiceRequest", system: system.clone(), value: outer.value.clone() };
            self.known_too(&key, other);
        }
        key
    }

    /// PRD: who refers (RP) and to whom (RT): a person with a number, else an organization, else a name.
    fn provider(&self, prd: Segment<'m>, request: &mut Tree) {
        let roles: Vec<String> = repeats(prd.field(1)).filter_map(|parts| self.code(parts.first(1))).collect();
        let is_referring = roles.iter().any(|role| role == "RP");
        if !is_referring && !roles.iter().any(|role| role == "RT") {
            return;
        }
        self.pass(prd, [1]);
        let names = self.xpns(self.take(prd, 2));
        let display = names.first().and_then(Self::name_text);
        let telecom = self.xtns(self.take(prd, 5), Some("work"));
        let addresses = self.xads(self.take(prd, 3));
        let number = repeats(self.take(prd, 7)).find_map(|parts| self.provider_number(parts));
        let provider = match (number, display) {
            (Some((system, value, identifier)), display) => {
                let mut practitioner = resource("Practitioner");
                practitioner.push("identifier", identifier);
                practitioner.fill_all("name", names);
                practitioner.fill_all("telecom", telecom);
                practitioner.fill_all("address", addresses);
                let key = Key { resource_type: "Practitioner", system, value };
                let mut reference = self.put(key, Write::CreateIfAbsent, practitioner, Vec::new());
                reference.fill("display", display);
                Some(reference)
            }
            (None, Some(display)) => Some(Tree::from([("display", display.into())])),
            (None, None) => {
                let address = self.xads(self.take(prd, 11));
                repeats(self.take(prd, 10)).next().and_then(|parts| self.organization(parts, address, telecom))
            }
        };
        let Some(provider) = provider else { return };
        if is_referring {
            request.set("requester", provider);
        } else {
            request.push("performer", provider);
        }
    }

    /// PLN: number, kind of number, state.
    fn provider_number(&self, parts: Parts<'m>) -> Option<(String, String, Tree)> {
        let value = self.text(parts.first(1))?;
        let kind = self.code(parts.first(2)).unwrap_or_default();
        let state = self.text(parts.first(3));
        let system = match (kind.as_str(), state) {
            ("NPI", _) => "http://hl7.org/fhir/sid/us-npi".to_owned(),
            ("SL", Some(state)) => format!("urn:medweave:authority:{}", super::context::urn_part(&state)),
            _ => self.source_system("practitioner"),
        };
        let mut identifier = Tree::object();
        if !kind.is_empty() {
            identifier.set("type", super::identifier::identifier_type(&kind));
        }
        identifier.set("system", system.as_str());
        identifier.set("value", value.as_str());
        identifier.fill("period", self.period(parts.nested(5), parts.nested(4)));
        Some((system, value, identifier))
    }
}
