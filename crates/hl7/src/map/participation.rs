//! PRT: who, where and with which device, for the segment before it. TQ1: when an order is to be done.

use super::coded::concept_of;
use super::context::{Context, Fill};
use super::parts::{Parts, repeats};
use super::tables::{TERMINOLOGY, priority};
use super::transaction::Key;
use crate::message::Segment;
use fhir::json::Tree;

/// What a PRT stands behind.
#[derive(Clone, Copy, Debug)]
pub(super) enum Behind<'k> {
    /// An ORC or OBR: the request and its report, if there is one.
    Order(&'k Key, Option<&'k Key>),
    /// An OBX.
    Observation(&'k Key),
    /// An ORC, RXA or RXR.
    Immunization(&'k Key),
    /// An ORC, RXO, RXE, RXD, RXG or RXA of drugs.
    Medication(&'k Key),
}

impl<'m> Context<'m> {
    /// PRT-5 and 8 as participants in the role of PRT-4, PRT-10 as device.
    pub(super) fn participation(&self, prt: Segment<'m>, behind: Behind<'_>) {
        self.pass(prt, [1, 2]);
        let role = self.take(prt, 4);
        let role_code = self.code(Parts::from(role).first(1)).unwrap_or_default();
        let mut who = self.practitioners(self.take(prt, 5));
        who.extend(repeats(self.take(prt, 8)).filter_map(|parts| self.organization(parts, Vec::new(), Vec::new())));
        match behind {
            Behind::Observation(key) => {
                let device = repeats(self.take(prt, 10)).find_map(|parts| self.device(parts));
                self.change(key, |observation| {
                    add_new(observation, "performer", who);
                    if observation.get("device").is_none() {
                        observation.fill("device", device);
                    }
                });
            }
            Behind::Order(request, report) => {
                let member = match role_code.as_str() {
                    "OP" => None,
                    "PI" | "RI" | "PRI" | "ARI" | "SRI" => Some("resultsInterpreter"),
                    _ => Some("performer"),
                };
                match (member, report) {
                    (None, _) => self.change(request, |request| {
                        if request.get("requester").is_none() {
                            request.fill("requester", who.into_iter().next());
                        }
                    }),
                    (Some(member), Some(report)) => self.change(report, |report| add_new(report, member, who)),
                    (Some(_), None) => self.change(request, |request| add_new(request, "performer", who)),
                }
            }
            Behind::Medication(key) => self.change(key, |resource| {
                let is_request = key.resource_type == "MedicationRequest";
                let name = if is_request && role_code == "OP" { "requester" } else { "performer" };
                if !is_request {
                    add_new(resource, name, who.into_iter().map(|actor| Tree::from([("actor", actor)])).collect());
                } else if resource.get(name).is_none() {
                    resource.fill(name, who.into_iter().next());
                }
            }),
            Behind::Immunization(key) => {
                let function = self
                    .concept(role.into(), Some("0912"))
                    .unwrap_or_else(|| concept_of(&format!("{TERMINOLOGY}v2-0443"), ("AP", "Administering Provider")));
                self.change(key, |immunization| {
                    let performers = who
                        .into_iter()
                        .map(|actor| Tree::from([("function", function.clone()), ("actor", actor)]))
                        .collect();
                    add_new(immunization, "performer", performers);
                });
            }
        }
    }

    /// TQ1-7 and 8 as the time of a request, TQ1-9 as its priority.
    pub(super) fn timing(&self, tq1: Segment<'m>, request: &Key) {
        self.pass(tq1, [1]);
        let period = self.period(self.take(tq1, 7).into(), self.take(tq1, 8).into());
        let urgency = self.field_text(tq1, 9);
        self.change(request, |request| {
            let is_told = ["occurrenceDateTime", "occurrencePeriod", "occurrenceTiming"];
            if is_told.iter().all(|name| request.get(name).is_none()) {
                request.fill("occurrencePeriod", period);
            }
            if request.get("priority").is_none() {
                request.fill("priority", urgency.as_deref().and_then(priority));
            }
        });
    }
}

/// Beyond so many participants none is looked for among those before.
const COMPARED_MAX: usize = 100;

fn add_new(resource: &mut Tree, name: &str, values: Vec<Tree>) {
    for value in values {
        let is_long = resource.get(name).is_some_and(|all| all.items().len() > COMPARED_MAX);
        if is_long || !resource.get(name).is_some_and(|all| all.items().contains(&value)) {
            resource.push(name, value);
        }
    }
}
