//! SIU: appointments.

use super::super::MapError;
use super::super::context::Context;
use super::super::encounter::StayEvent;
use super::super::transaction::{Key, Write};
use super::chart::{Chart, Noted};
use super::{Event, Groups, find};
use crate::message::Segment;

impl<'m> Context<'m> {
    /// One appointment, of any number of patients.
    pub(super) fn schedule(
        &self,
        event: &Event,
        groups: &Groups<'m>,
        stay_event: &StayEvent<'_>,
    ) -> Result<(), MapError> {
        let Some(sch) = find(&groups.lead, "SCH") else {
            return Err(MapError::MissingSegment { event: event.name.clone(), segment: "SCH" });
        };
        let mut charts: Vec<(Chart, Vec<Key>)> = Vec::new();
        for group in &groups.patients {
            self.begin_patient();
            let chart = self.chart(group, stay_event, Write::CreateIfAbsent, Write::CreateIfAbsent)?;
            let reasons = self.beside_appointment(group, &chart);
            charts.push((chart, reasons));
        }
        let all: Vec<Segment<'m>> = groups.lead.iter().chain(groups.patients.iter().flatten()).copied().collect();
        self.within(sch, all.last().copied().unwrap_or(sch));
        let token = charts.first().map(|(chart, _)| chart.subject.token.as_str());
        let mut booking = self.booking(sch, find(&groups.lead, "TQ1"), &event.trigger, token);
        for (chart, reasons) in &charts {
            booking.attends(chart.subject.reference.clone());
            for reason in reasons {
                self.booking_reason(&mut booking, reason);
            }
        }
        // Notes are the appointment's behind SCH and AIS; the guide has no place for those about other resources.
        let mut of_appointment = false;
        for segment in all {
            match segment.id().as_str() {
                "SCH" => of_appointment = true,
                "AIS" => {
                    of_appointment = true;
                    self.booked_service(segment, &mut booking);
                }
                "AIG" => self.booked_thing(segment, &mut booking),
                "AIL" => self.booked_place(segment, &mut booking),
                "AIP" => self.booked_person(segment, &mut booking),
                "RGS" => self.pass(segment, [1, 2, 3]),
                "NTE" if of_appointment => self.booking_comment(segment, &mut booking),
                _ => {}
            }
            if !matches!(segment.id().as_str(), "SCH" | "TQ1" | "NTE" | "AIS") {
                of_appointment = false;
            }
        }
        self.put_booking(booking);
        Ok(())
    }

    /// What is told of a patient beside the appointment; gives the diagnoses.
    fn beside_appointment(&self, group: &[Segment<'m>], chart: &Chart) -> Vec<Key> {
        let mut reasons = Vec::new();
        let mut noted = Noted::default();
        for (at, segment) in group.iter().copied().enumerate().take_while(|(_, segment)| !segment.is("RGS")) {
            self.beside(group, at, chart, Write::CreateIfAbsent, &mut noted);
            if segment.is("DG1") {
                reasons.extend(noted.key().cloned());
            }
        }
        reasons
    }
}
