//! ADT about one patient: admissions, transfers, discharges, registrations, what is pending and what is taken back.

use super::super::MapError;
use super::super::context::Context;
use super::super::encounter::StayEvent;
use super::super::transaction::Write;
use super::chart::Noted;
use super::find;
use crate::message::Segment;

impl<'m> Context<'m> {
    /// A patient and a stay with all that is told of them.
    pub(super) fn admission(&self, group: &[Segment<'m>], event: &StayEvent<'_>) -> Result<(), MapError> {
        // A29 is about the person: the stay beside it says which, and goes on as it was.
        let is_deleted = event.trigger == "A29";
        let stay_write = if is_deleted { Write::CreateIfAbsent } else { Write::Update };
        let chart = self.chart(group, event, Write::Update, stay_write)?;
        let (subject, stay) = (&chart.subject, &chart.stay);
        if is_deleted {
            self.change(&subject.key, |patient| {
                patient.set("active", false);
            });
        }
        // ROL and NTE belong to the segment they follow.
        let mut after_visit = false;
        let mut noted = Noted::default();
        let first_visit = find(group, "PV1").map(Segment::index);
        for (at, segment) in group.iter().copied().enumerate() {
            self.within(segment, segment);
            match segment.id().as_str() {
                "PV1" | "PV2" => after_visit = true,
                // A ROL behind these is about the procedure or the insurance; the guide has no map for it.
                "PR1" | "IN1" | "GT1" => after_visit = false,
                _ => {}
            }
            match segment.id().as_str() {
                "ROL" if after_visit => {
                    if let Some(stay) = stay {
                        self.encounter_role(segment, &stay.key);
                    }
                }
                "ROL" if first_visit.is_none_or(|visit| segment.index() < visit) => {
                    self.patient_role(segment, subject);
                }
                _ => self.beside(group, at, &chart, Write::Update, &mut noted),
            }
        }
        Ok(())
    }
}
