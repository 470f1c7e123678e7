//! REF: referrals.

use super::super::MapError;
use super::super::context::Context;
use super::super::encounter::StayEvent;
use super::super::order::Patient;
use super::super::transaction::Write;
use super::chart::Noted;
use super::{Event, end_at, find};
use crate::message::Segment;

impl<'m> Context<'m> {
    /// RF1 and PRD stand before the patient, what was found of him behind. I14 cancels.
    pub(super) fn referral_group(
        &self,
        lead: &[Segment<'m>],
        group: &[Segment<'m>],
        event: &Event,
        stay_event: &StayEvent<'_>,
    ) -> Result<(), MapError> {
        let Some(rf1) = find(lead, "RF1").or_else(|| find(group, "RF1")) else {
            return Err(MapError::MissingSegment { event: event.name.clone(), segment: "RF1" });
        };
        let chart = self.chart(group, stay_event, Write::CreateIfAbsent, Write::CreateIfAbsent)?;
        let providers: Vec<Segment<'m>> = lead.iter().copied().filter(|segment| segment.is("PRD")).collect();
        self.within(rf1, lead.last().copied().unwrap_or(rf1));
        let patient = Patient { subject: &chart.subject, encounter: chart.encounter() };
        let referral = self.referral(rf1, &providers, &patient, event.trigger == "I14");
        let mut noted = Noted::default();
        let mut at = 0;
        while at < group.len() {
            let segment = group[at];
            self.within(segment, segment);
            match segment.id().as_str() {
                // What was found of the patient, as in a report.
                "OBR" => {
                    let end = end_at(group, at, &["OBR", "PV1"]);
                    self.order_results(None, segment, &group[at + 1..end], &[], None, &patient);
                    at = end;
                    continue;
                }
                // The stay is told already; a note behind it is about the referral.
                "PV1" | "PV2" => noted.is_about(Some(referral.clone())),
                _ => {
                    self.beside(group, at, &chart, Write::CreateIfAbsent, &mut noted);
                    if let Some(key) = noted.key().filter(|_| segment.is("DG1")) {
                        let reference = self.reference(key);
                        self.change(&referral, |request| {
                            request.push("reasonReference", reference);
                        });
                    }
                }
            }
            at += 1;
        }
        Ok(())
    }
}
