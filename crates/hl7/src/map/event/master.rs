//! MFN about staff and places, and ADT^A20: what holds for the house and not for a patient.

use super::super::MapError;
use super::super::context::Context;
use super::Event;
use crate::message::Segment;

impl<'m> Context<'m> {
    /// MFN^M02.
    pub(super) fn staff_file(&self, event: &Event) -> Result<(), MapError> {
        self.entries(event, "STF", |stf, rest, action| {
            let pra = rest.iter().copied().take_while(|next| !next.is("STF")).find(|next| next.is("PRA"));
            self.within(stf, pra.unwrap_or(stf));
            self.staff(stf, pra, action);
        })
    }

    /// MFN^M05.
    pub(super) fn place_file(&self, event: &Event) -> Result<(), MapError> {
        self.entries(event, "LOC", |loc, _, action| {
            self.within(loc, loc);
            self.place(loc, action);
        })
    }

    /// ADT^A20.
    pub(super) fn bed(&self, event: &Event) -> Result<(), MapError> {
        let mut told = false;
        for npu in self.message.segments("NPU") {
            self.within(npu, npu);
            self.bed_status(npu);
            told = true;
        }
        if told {
            return Ok(());
        }
        Err(MapError::MissingSegment { event: event.name.clone(), segment: "NPU" })
    }

    /// Each segment with this id, with those behind it and what the MFE before it says is to be done.
    fn entries(
        &self,
        event: &Event,
        id: &'static str,
        mut entry: impl FnMut(Segment<'m>, &[Segment<'m>], &str),
    ) -> Result<(), MapError> {
        let all: Vec<Segment<'m>> = self.message.all().collect();
        let mut action = String::new();
        let mut told = false;
        for (at, segment) in all.iter().copied().enumerate() {
            match segment.id().as_str() {
                "MFI" => self.pass(segment, [1, 2, 3, 4, 5, 6]),
                "MFE" => {
                    action = self.field_text(segment, 1).unwrap_or_default();
                    self.pass(segment, [2, 3, 4, 5]);
                }
                found if found == id => {
                    entry(segment, &all[at + 1..], &action);
                    told = true;
                }
                _ => {}
            }
        }
        if told {
            return Ok(());
        }
        Err(MapError::MissingSegment { event: event.name.clone(), segment: id })
    }
}
