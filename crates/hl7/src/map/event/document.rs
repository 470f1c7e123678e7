//! MDM: documents, their addenda and versions, and what becomes of them.

use super::super::MapError;
use super::super::context::Context;
use super::super::document::Told;
use super::super::encounter::StayEvent;
use super::super::order::Patient;
use super::super::participation::Behind;
use super::super::transaction::{Key, Write};
use super::Event;
use crate::message::Segment;

impl<'m> Context<'m> {
    /// A document of a patient with the orders that it answers.
    pub(super) fn document_group(
        &self,
        group: &[Segment<'m>],
        event: &Event,
        stay_event: &StayEvent<'_>,
    ) -> Result<(), MapError> {
        let Some(txa_at) = group.iter().position(|segment| segment.is("TXA")) else {
            return Err(MapError::MissingSegment { event: event.name.clone(), segment: "TXA" });
        };
        let chart = self.chart(group, stay_event, Write::CreateIfAbsent, Write::CreateIfAbsent)?;
        let patient = Patient { subject: &chart.subject, encounter: chart.encounter() };
        let mut requests = Vec::new();
        let mut orc: Option<Segment<'m>> = None;
        let mut noted: Option<Key> = None;
        let mut times: Vec<Segment<'m>> = Vec::new();
        for segment in group[..txa_at].iter().copied() {
            match segment.id().as_str() {
                "ORC" => {
                    orc = Some(segment);
                    noted = None;
                }
                // Between an ORC and its OBR.
                "TQ1" if orc.is_some() => times.push(segment),
                "OBR" => {
                    let fallback = format!("{}|{}", chart.subject.token, self.content_token());
                    self.within(orc.unwrap_or(segment), segment);
                    let order = self.order(orc.take(), segment, &fallback);
                    let (key, reference) = self.service_request(&order, &patient, "unknown");
                    for tq1 in times.drain(..) {
                        self.timing(tq1, &key);
                    }
                    noted = Some(key);
                    requests.push(reference);
                }
                "NTE" | "TQ1" | "PRT" => {
                    let Some(key) = &noted else { continue };
                    match segment.id().as_str() {
                        "NTE" => self.add_note(segment, key),
                        "TQ1" => self.timing(segment, key),
                        _ => self.participation(segment, Behind::Order(key, None)),
                    }
                }
                _ => {}
            }
        }
        let contents = group.iter().rfind(|segment| segment.is("OBX"));
        self.within(group[txa_at], contents.copied().unwrap_or(group[txa_at]));
        let of = |id: &str| group[txa_at..].iter().copied().filter(|segment| segment.is(id)).collect::<Vec<_>>();
        self.document(group[txa_at], &of("OBX"), &of("NTE"), &patient, requests, Told::by(&event.trigger));
        Ok(())
    }
}
