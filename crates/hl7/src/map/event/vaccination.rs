//! VXU.

use super::super::MapError;
use super::super::context::{About, Context, Scope};
use super::super::encounter::StayEvent;
use super::super::observation::Surroundings;
use super::super::participation::Behind;
use super::super::transaction::{Key, Write};
use crate::message::Segment;
use fhir::json::Tree;

impl<'m> Context<'m> {
    /// VXU.
    pub(super) fn vaccinations(&self, group: &[Segment<'m>], event: &StayEvent<'_>) -> Result<(), MapError> {
        let chart = self.chart(group, event, Write::Update, Write::CreateIfAbsent)?;
        let (subject, encounter) = (&chart.subject, chart.encounter());
        let mut orc: Option<Segment<'m>> = None;
        let mut current: Option<(Key, Tree, Scope)> = None;
        let mut noted: Option<Key> = None;
        for (at, segment) in group.iter().copied().enumerate() {
            self.within(segment, segment);
            match segment.id().as_str() {
                "NK1" | "GT1" | "IN1" | "IN2" | "DB1" => {
                    let _ = self.about_patient(segment, &chart, Write::Update);
                }
                "ORC" => {
                    orc = Some(segment);
                    current = None;
                }
                "RXA" => {
                    let rxr = group.get(at + 1).copied().filter(|next| next.is("RXR"));
                    // The order stands right before the first of its vaccinations.
                    let before = orc.filter(|orc| orc.index() + 1 == segment.index()).unwrap_or(segment);
                    self.within(before, rxr.unwrap_or(segment));
                    let put = self.immunization(orc, segment, rxr, subject, encounter.as_ref());
                    noted = Some(put.0.clone());
                    current = Some(put);
                }
                "OBX" => {
                    let around = match &current {
                        Some((key, reference, scope)) => Surroundings {
                            part_of: Some(reference.clone()),
                            ..Surroundings::of(
                                subject,
                                About { text: format!("immunization|{}", key.value), scope: *scope },
                            )
                        },
                        None => Surroundings::of(subject, self.observed_about(subject, segment)),
                    };
                    noted = self.observation(segment, &[], &around).map(|result| result.key);
                    if let Some((key, _, _)) = &current {
                        self.funding(segment, key);
                    }
                }
                "PRT" => match (&noted, &current) {
                    (Some(key), _) if key.resource_type == "Observation" => {
                        self.participation(segment, Behind::Observation(key));
                    }
                    (_, Some((key, _, _))) => self.participation(segment, Behind::Immunization(key)),
                    _ => {}
                },
                "NTE" => {
                    if let Some(key) = &noted {
                        self.add_note(segment, key);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}
