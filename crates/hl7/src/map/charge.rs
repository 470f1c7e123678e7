//! FT1 to ChargeItem, and the account that a bill is about.

use super::coded::concept_of;
use super::context::{Context, Fill, resource};
use super::parts::Parts;
use super::patient::Subject;
use super::quantity::digits;
use super::transaction::{Key, Write};
use crate::message::Segment;
use fhir::json::Tree;

/// Table 0017 to chargeitem-status. A payment, a co-payment or an adjustment is no charge.
fn charge_status(code: &str) -> Option<&'static str> {
    match code {
        "CG" | "" => Some("billable"),
        "CD" => Some("aborted"),
        "AJ" | "CO" | "PY" | "RD" => None,
        _ => Some("unknown"),
    }
}

impl<'m> Context<'m> {
    /// FT1: what is charged for. `None` for what is no charge.
    pub(super) fn charge(&self, ft1: Segment<'m>, encounter: Option<Tree>, subject: &Subject) -> Option<Key> {
        self.pass(ft1, [1]);
        let kind = self.field_text(ft1, 6).unwrap_or_default();
        let Some(status) = charge_status(&kind) else {
            self.note(*ft1.field(6), "a payment or an adjustment is no charge; nothing was made of it");
            return None;
        };
        let code_parts = Parts::from(self.take(ft1, 7));
        let mut code = self.concept(code_parts, Some("0132")).unwrap_or_else(Tree::object);
        if let Some(text) = self.text(Parts::from(self.take(ft1, 8)).whole()) {
            code.set("text", text);
        }
        if code.members().is_empty() {
            self.warn(*ft1.field(7), "a charge for nothing named was left out");
            return None;
        }
        let mut charge = resource("ChargeItem");
        let own = self.ei(self.take(ft1, 2).into(), "charge", None);
        charge.fill_all("identifier", own.iter().map(|id| id.tree.clone()).collect());
        charge.set("status", status);
        charge.set("code", code);
        charge.set("subject", subject.reference.clone());
        charge.fill("context", encounter);
        let when = Parts::from(self.take(ft1, 4));
        let start = self.date_time(when.nested(1));
        if when.part(2).has_value() {
            charge.fill("occurrencePeriod", self.range_period(when));
        } else {
            charge.fill("occurrenceDateTime", start.clone());
        }
        charge.fill("enteredDate", self.date_time(self.take(ft1, 5).into()));
        for (number, role) in [(20, ("PP", "performer")), (21, ("OP", "Ordering Provider"))] {
            for actor in self.practitioners(self.take(ft1, number)) {
                let mut performer = Tree::object();
                if number == 21 {
                    let system = format!("{}v2-0912", super::tables::TERMINOLOGY);
                    performer.set("function", concept_of(&system, role));
                }
                performer.set("actor", actor);
                charge.push("performer", performer);
            }
        }
        charge.fill("performingOrganization", self.coded_organization(self.take(ft1, 13).into()));
        charge.fill("enterer", self.practitioners(self.take(ft1, 24)).into_iter().next());
        if let Some(quantity) = self.number(*self.take(ft1, 10)) {
            charge.set("quantity", Tree::from([("value", quantity)]));
        }
        charge.fill("priceOverride", self.money(self.take(ft1, 11).into()));
        charge.fill_all("reason", self.concepts(self.take(ft1, 19), None));
        charge.fill("productCodeableConcept", self.concept(self.take(ft1, 29).into(), None));
        charge.fill_all("account", subject.account.clone().into_iter().collect());
        // A procedure that the charge's own code names already is not named twice.
        let procedure = Parts::from(ft1.field(25));
        if self.code(procedure.first(1)) == self.code(code_parts.first(1)) {
            self.pass(ft1, [25]);
        }
        if let Some(order) = self.ei(self.take(ft1, 23).into(), "filler-order", Some("FILL")) {
            let target = Tree::from([("type", "ServiceRequest".into()), ("identifier", order.tree)]);
            charge.push("supportingInformation", target);
        }
        let key = match own {
            Some(identified) => {
                let system = identified.system.unwrap_or_else(|| self.source_system("charge"));
                // The same number in another department's system is the same charge only for one patient.
                Key { resource_type: "ChargeItem", system, value: identified.value }
            }
            None => {
                let code = self.code(code_parts.first(1)).or_else(|| self.concept_text(code_parts));
                let code = code.or_else(|| self.text(*ft1.field(8))).unwrap_or_default();
                let parts = [subject.token.as_str(), code.as_str(), start.as_deref().unwrap_or_default()];
                self.derived_key("ChargeItem", "charge-of-patient", &parts)
            }
        };
        self.put(key.clone(), Write::Update, charge, Vec::new());
        Some(key)
    }

    /// CP, MO: an amount of money with its currency.
    fn money(&self, price: Parts<'m>) -> Option<Tree> {
        let amount = price.nested(1);
        let value = self.text(amount.part(1)).as_deref().and_then(digits)?;
        let mut money = Tree::from([("value", Tree::Number(value))]);
        let currency = self.code(amount.part(2));
        let is_code = |code: &String| code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase());
        money.fill("currency", currency.filter(is_code));
        Some(money)
    }

    /// The account of PID-18, told by a message about it. Gives its identity.
    pub(super) fn told_account(
        &self,
        pid: Segment<'m>,
        pv1: Option<Segment<'m>>,
        subject: &Subject,
        status: &'static str,
    ) -> Option<Key> {
        let Some(key) = subject.account_key() else {
            self.warn(*pid.field(18), "no account number: whose bill this is cannot be told; no account was stored");
            return None;
        };
        let number = subject.account_number.as_ref()?;
        let mut account = resource("Account");
        account.push("identifier", number.tree.clone());
        account.set("status", status);
        if let Some(pv1) = pv1 {
            account.fill("type", self.concept(self.take(pv1, 18).into(), Some("0018")));
            account.fill("servicePeriod", self.period(pv1.field(44).into(), pv1.field(45).into()));
        }
        account.push("subject", subject.reference.clone());
        self.put(key.clone(), Write::Update, account, Vec::new());
        Some(key)
    }

    /// IN1: an insurance that pays for the account. IN1-22, else the order in which they are told, is its priority.
    pub(super) fn account_coverage(&self, in1: Segment<'m>, subject: &Subject, account: Option<&Key>, told: usize) {
        let coverage = self.coverage(in1, subject);
        let Some(account) = account else { return };
        let given = self.field_text(in1, 22).and_then(|order| order.parse::<u32>().ok()).filter(|order| *order > 0);
        let priority = given.map_or(told as i64, i64::from);
        let reference = self.reference(&coverage);
        self.change(account, |account| {
            account.push("coverage", Tree::from([("coverage", reference), ("priority", priority.into())]));
        });
    }
}
