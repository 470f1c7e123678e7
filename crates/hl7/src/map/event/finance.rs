//! BAR and DFT: accounts, what is charged to them, and who pays.

use super::super::MapError;
use super::super::context::Context;
use super::super::encounter::StayEvent;
use super::super::transaction::{Key, Write};
use super::chart::Noted;
use super::order::{Orders, order_end};
use super::{end_at, find};
use crate::message::Segment;

impl<'m> Context<'m> {
    /// BAR: an account with the diagnoses, procedures and insurances of its patient. P02 purges it, P06 ends it.
    pub(super) fn account_group(&self, group: &[Segment<'m>], event: &StayEvent<'_>) -> Result<(), MapError> {
        let mut chart = self.chart(group, event, Write::CreateIfAbsent, Write::CreateIfAbsent)?;
        let status = if matches!(event.trigger, "P02" | "P06") { "inactive" } else { "active" };
        self.within(group[0], group[0]);
        let visit = find(group, "PV1");
        let account = self.told_account(group[0], visit, &chart.subject, status);
        let mut noted = Noted::default();
        let mut insurances = 0;
        for (at, segment) in group.iter().copied().enumerate() {
            self.within(segment, segment);
            match segment.id().as_str() {
                // Each visit of the account begins with its own PV1.
                "PV1" if visit.is_some_and(|first| first.index() < segment.index()) => {
                    chart.stay = self.stay_of(group, segment, &chart.subject, event, Write::CreateIfAbsent);
                }
                "IN1" => {
                    insurances += 1;
                    self.account_coverage(segment, &chart.subject, account.as_ref(), insurances);
                    noted.is_about(None);
                }
                _ => self.beside(group, at, &chart, Write::Update, &mut noted),
            }
        }
        Ok(())
    }

    /// DFT: charges, with the orders, procedures and diagnoses that they are for.
    pub(super) fn charge_group(&self, group: &[Segment<'m>], event: &StayEvent<'_>) -> Result<(), MapError> {
        let mut chart = self.chart(group, event, Write::CreateIfAbsent, Write::CreateIfAbsent)?;
        let account = chart.subject.account_key();
        let mut noted = Noted::default();
        let mut charge: Option<Key> = None;
        let mut insurances = 0;
        let mut at = 0;
        while at < group.len() {
            let segment = group[at];
            self.within(segment, segment);
            match segment.id().as_str() {
                "ORC" | "OBR" => {
                    // What an order is charged for stands behind it, and is none of its own segments.
                    let stops = ["FT1", "PR1", "GT1", "IN1", "ACC", "DG1"];
                    let end = order_end(group, at, false);
                    let end = end_at(&group[..end], at, &stops);
                    let orders = Orders { group, event, specimen_first: false };
                    for ordered in self.orders(&group[at..end], &mut chart, &orders) {
                        if let Some(charge) = &charge {
                            self.support(charge, ordered.reference);
                        }
                    }
                    at = end;
                    continue;
                }
                "FT1" => {
                    charge = self.charge(segment, chart.encounter(), &chart.subject);
                    noted.is_about(charge.clone());
                }
                "PR1" => {
                    let procedure = self.procedure(segment, &chart.subject, chart.stay.as_ref());
                    if let (Some(charge), Some(procedure)) = (&charge, &procedure) {
                        let reference = self.reference(procedure);
                        self.change(charge, |charge| {
                            charge.push("service", reference);
                        });
                    }
                    noted.is_about(procedure);
                }
                "DG1" => {
                    let diagnosis = self.diagnosis(segment, &chart.subject, chart.stay.as_ref());
                    if let (Some(charge), Some(diagnosis)) = (&charge, &diagnosis) {
                        self.support(charge, self.reference(diagnosis));
                    }
                    noted.is_about(diagnosis);
                }
                "IN1" => {
                    insurances += 1;
                    let told = account.as_ref().filter(|account| self.tells(account));
                    self.account_coverage(segment, &chart.subject, told, insurances);
                    noted.is_about(None);
                }
                _ => self.beside(group, at, &chart, Write::CreateIfAbsent, &mut noted),
            }
            at += 1;
        }
        Ok(())
    }
}
