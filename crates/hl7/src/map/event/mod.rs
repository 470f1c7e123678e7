//! Which events have a map, and which file has it: a family of messages with one structure is one file.

mod admission;
mod chart;
mod document;
mod finance;
mod identity;
mod master;
mod order;
mod problem;
mod referral;
mod result;
mod schedule;
mod vaccination;

use super::context::Context;
use super::encounter::StayEvent;
use super::transaction::bundle;
use super::value::is_text;
use super::{MapError, Mapped, Outcome, Settings};
use crate::message::{Message, Segment};

use identity::Change;
use result::First;

/// Messages that are put together alike.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    /// A patient with what is known of him, and a stay.
    Admission,
    /// Two patients, accounts or stays are one, or one of them has another number.
    Identity(Change),
    /// The state of a bed.
    Bed,
    Result(First),
    /// Orders of any kind; the flag tells those where the specimen stands before its orders.
    Order {
        specimen_first: bool,
    },
    /// What the filler of an order answers: it may leave the patient out.
    Answer,
    Vaccination,
    Document,
    Schedule,
    Account,
    Charge,
    Referral,
    Problem,
    Staff,
    Place,
}

const ORDER: Family = Family::Order { specimen_first: false };
const SPECIMENS: Family = Family::Order { specimen_first: true };
const RESULT: Family = Family::Result(First::Order);
const MERGE: Family = Family::Identity(Change::MergePatients);

/// The events with a whole map: message type, trigger, family.
const EVENTS: [(&str, &str, Family); 154] = [
    ("ADT", "A01", Family::Admission),
    ("ADT", "A02", Family::Admission),
    ("ADT", "A03", Family::Admission),
    ("ADT", "A04", Family::Admission),
    ("ADT", "A05", Family::Admission),
    ("ADT", "A06", Family::Admission),
    ("ADT", "A07", Family::Admission),
    ("ADT", "A08", Family::Admission),
    ("ADT", "A09", Family::Admission),
    ("ADT", "A10", Family::Admission),
    ("ADT", "A11", Family::Admission),
    ("ADT", "A12", Family::Admission),
    ("ADT", "A13", Family::Admission),
    ("ADT", "A14", Family::Admission),
    ("ADT", "A15", Family::Admission),
    ("ADT", "A16", Family::Admission),
    ("ADT", "A17", Family::Admission),
    ("ADT", "A18", MERGE),
    ("ADT", "A20", Family::Bed),
    ("ADT", "A21", Family::Admission),
    ("ADT", "A22", Family::Admission),
    ("ADT", "A23", Family::Admission),
    ("ADT", "A24", Family::Identity(Change::Link)),
    ("ADT", "A25", Family::Admission),
    ("ADT", "A26", Family::Admission),
    ("ADT", "A27", Family::Admission),
    ("ADT", "A28", Family::Admission),
    ("ADT", "A29", Family::Admission),
    ("ADT", "A30", MERGE),
    ("ADT", "A31", Family::Admission),
    ("ADT", "A32", Family::Admission),
    ("ADT", "A33", Family::Admission),
    ("ADT", "A34", MERGE),
    ("ADT", "A35", Family::Identity(Change::MergeAccounts)),
    ("ADT", "A36", Family::Identity(Change::MergePatientsAndAccounts)),
    ("ADT", "A37", Family::Identity(Change::Unlink)),
    ("ADT", "A38", Family::Admission),
    ("ADT", "A39", MERGE),
    ("ADT", "A40", MERGE),
    ("ADT", "A41", Family::Identity(Change::MergeAccounts)),
    ("ADT", "A42", Family::Identity(Change::MergeStays)),
    ("ADT", "A43", Family::Identity(Change::MovePatient)),
    ("ADT", "A44", Family::Identity(Change::MoveAccount)),
    ("ADT", "A45", Family::Identity(Change::MoveStay)),
    ("ADT", "A46", Family::Identity(Change::RenumberPatient)),
    ("ADT", "A47", Family::Identity(Change::RenumberPatient)),
    ("ADT", "A48", Family::Identity(Change::RenumberPatient)),
    ("ADT", "A49", Family::Identity(Change::RenumberAccount)),
    ("ADT", "A50", Family::Identity(Change::RenumberStay)),
    ("ADT", "A51", Family::Identity(Change::RenumberStay)),
    ("ADT", "A52", Family::Admission),
    ("ADT", "A53", Family::Admission),
    ("ADT", "A54", Family::Admission),
    ("ADT", "A55", Family::Admission),
    ("ADT", "A60", Family::Admission),
    ("ADT", "A61", Family::Admission),
    ("ADT", "A62", Family::Admission),
    ("BAR", "P01", Family::Account),
    ("BAR", "P02", Family::Account),
    ("BAR", "P05", Family::Account),
    ("BAR", "P06", Family::Account),
    ("BAR", "P12", Family::Account),
    ("DFT", "P03", Family::Charge),
    ("DFT", "P11", Family::Charge),
    ("MDM", "T01", Family::Document),
    ("MDM", "T02", Family::Document),
    ("MDM", "T03", Family::Document),
    ("MDM", "T04", Family::Document),
    ("MDM", "T05", Family::Document),
    ("MDM", "T06", Family::Document),
    ("MDM", "T07", Family::Document),
    ("MDM", "T08", Family::Document),
    ("MDM", "T09", Family::Document),
    ("MDM", "T10", Family::Document),
    ("MDM", "T11", Family::Document),
    ("MFN", "M02", Family::Staff),
    ("MFN", "M05", Family::Place),
    ("OMD", "O03", ORDER),
    ("OMG", "O19", ORDER),
    ("OMI", "O23", ORDER),
    ("OML", "O21", ORDER),
    ("OML", "O33", SPECIMENS),
    ("OML", "O35", SPECIMENS),
    ("OMN", "O07", ORDER),
    ("OMP", "O09", ORDER),
    ("OMS", "O05", ORDER),
    ("ORD", "O04", Family::Answer),
    ("ORG", "O20", Family::Answer),
    ("ORI", "O24", Family::Answer),
    ("ORL", "O22", Family::Answer),
    ("ORL", "O34", Family::Answer),
    ("ORL", "O36", Family::Answer),
    ("ORM", "O01", ORDER),
    ("ORN", "O08", Family::Answer),
    ("ORP", "O10", Family::Answer),
    ("ORR", "O02", Family::Answer),
    ("ORS", "O06", Family::Answer),
    ("ORU", "R01", RESULT),
    ("ORU", "R30", RESULT),
    ("ORU", "R31", RESULT),
    ("ORU", "R32", RESULT),
    ("ORU", "R40", RESULT),
    ("OUL", "R21", RESULT),
    ("OUL", "R22", Family::Result(First::Specimen)),
    ("OUL", "R23", Family::Result(First::Specimen)),
    ("OUL", "R24", Family::Result(First::Detail)),
    ("PGL", "PC6", Family::Problem),
    ("PGL", "PC7", Family::Problem),
    ("PGL", "PC8", Family::Problem),
    ("PPG", "PCG", Family::Problem),
    ("PPG", "PCH", Family::Problem),
    ("PPG", "PCJ", Family::Problem),
    ("PPP", "PCB", Family::Problem),
    ("PPP", "PCC", Family::Problem),
    ("PPP", "PCD", Family::Problem),
    ("PPR", "PC1", Family::Problem),
    ("PPR", "PC2", Family::Problem),
    ("PPR", "PC3", Family::Problem),
    ("RAS", "O01", ORDER),
    ("RAS", "O17", ORDER),
    ("RDE", "O01", ORDER),
    ("RDE", "O11", ORDER),
    ("RDE", "O25", ORDER),
    ("RDS", "O01", ORDER),
    ("RDS", "O13", ORDER),
    ("REF", "I12", Family::Referral),
    ("REF", "I13", Family::Referral),
    ("REF", "I14", Family::Referral),
    ("REF", "I15", Family::Referral),
    ("RGV", "O01", ORDER),
    ("RGV", "O15", ORDER),
    ("RRA", "O02", Family::Answer),
    ("RRA", "O18", Family::Answer),
    ("RRD", "O02", Family::Answer),
    ("RRD", "O14", Family::Answer),
    ("RRE", "O02", Family::Answer),
    ("RRE", "O12", Family::Answer),
    ("RRE", "O26", Family::Answer),
    ("RRG", "O02", Family::Answer),
    ("RRG", "O16", Family::Answer),
    ("SIU", "S12", Family::Schedule),
    ("SIU", "S13", Family::Schedule),
    ("SIU", "S14", Family::Schedule),
    ("SIU", "S15", Family::Schedule),
    ("SIU", "S16", Family::Schedule),
    ("SIU", "S17", Family::Schedule),
    ("SIU", "S18", Family::Schedule),
    ("SIU", "S19", Family::Schedule),
    ("SIU", "S20", Family::Schedule),
    ("SIU", "S21", Family::Schedule),
    ("SIU", "S22", Family::Schedule),
    ("SIU", "S26", Family::Schedule),
    ("SIU", "S27", Family::Schedule),
    ("VXU", "V04", Family::Vaccination),
];

/// The events with a whole map, as message type and trigger.
pub const MAPPED_EVENTS: &[(&str, &str)] = &{
    let mut all = [("", ""); EVENTS.len()];
    let mut at = 0;
    while at < all.len() {
        all[at] = (EVENTS[at].0, EVENTS[at].1);
        at += 1;
    }
    all
};

/// True if messages of this type and trigger have a map.
pub fn has_map(kind: &str, trigger: &str) -> bool {
    family(kind, trigger).is_some()
}

fn family(kind: &str, trigger: &str) -> Option<Family> {
    EVENTS.iter().find(|(k, t, _)| *k == kind && *t == trigger).map(|(_, _, family)| *family)
}

/// MSH fields that say how the message travels, not what it means: the arrival keeps them.
const ENVELOPE: [u16; 16] = [1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 15, 16, 18, 21];

/// An event as its map needs it.
struct Event {
    /// Message type and trigger, as in `ADT^A01`.
    name: String,
    trigger: String,
}

/// A message cut at its patients.
struct Groups<'m> {
    /// What stands before the first PID, without the header.
    lead: Vec<Segment<'m>>,
    /// Each from its PID to the next.
    patients: Vec<Vec<Segment<'m>>>,
}

/// Maps a message.
///
/// # Errors
/// [`MapError`] if the event has a map but the message lacks what identifies its subject.
pub fn map(message: &Message<'_>, settings: &Settings) -> Result<Outcome, MapError> {
    let (kind, trigger) = message.event();
    let name = format!("{kind}^{trigger}");
    let Some(family) = family(&kind, &trigger) else { return Ok(Outcome::NoMap { event: name }) };
    bound_repetitions(message)?;
    let context = Context::new(message, settings);
    context.pass(message.header(), ENVELOPE);
    let groups = Groups::of(message);
    let event = Event { name, trigger };
    let needs_patient =
        !matches!(family, Family::Bed | Family::Answer | Family::Schedule | Family::Staff | Family::Place);
    if needs_patient && groups.patients.is_empty() {
        return Err(MapError::MissingSegment { event: event.name, segment: "PID" });
    }
    context.dispatch(family, &event, &groups)?;
    let (resources, moves, issues, unmapped) = context.finish();
    let bundle = bundle(&resources, &settings.source);
    let says_who_is_who = matches!(family, Family::Identity(_));
    Ok(Outcome::Mapped(Mapped { event: event.name, resources, moves, bundle, says_who_is_who, issues, unmapped }))
}

impl<'m> Context<'m> {
    fn dispatch(&self, family: Family, event: &Event, groups: &Groups<'m>) -> Result<(), MapError> {
        let stay_event = self.stay_event(&event.trigger);
        match family {
            Family::Identity(change) => return self.identity(change, event, groups, &stay_event),
            Family::Bed => return self.bed(event),
            Family::Staff => return self.staff_file(event),
            Family::Place => return self.place_file(event),
            Family::Schedule => return self.schedule(event, groups, &stay_event),
            _ => {}
        }
        for group in &groups.patients {
            self.begin_patient();
            match family {
                Family::Admission => self.admission(group, &stay_event)?,
                Family::Result(first) => self.results(group, &stay_event, first)?,
                Family::Order { specimen_first } => self.order_group(group, &stay_event, specimen_first)?,
                Family::Answer => self.order_group(group, &stay_event, false)?,
                Family::Vaccination => self.vaccinations(group, &stay_event)?,
                Family::Document => self.document_group(group, event, &stay_event)?,
                Family::Account => self.account_group(group, &stay_event)?,
                Family::Charge => self.charge_group(group, &stay_event)?,
                Family::Referral => self.referral_group(&groups.lead, group, event, &stay_event)?,
                Family::Problem => self.problem_group(group, &stay_event)?,
                // Not cut at patients; dispatched above.
                Family::Identity(_) | Family::Bed | Family::Staff | Family::Place | Family::Schedule => {}
            }
        }
        if family == Family::Answer && groups.patients.is_empty() {
            let text = "an answer without its patient: whose the orders are is not said; nothing was stored";
            self.note(*self.message.header().field(9), text);
        }
        Ok(())
    }

    fn stay_event<'e>(&self, trigger: &'e str) -> StayEvent<'e> {
        let evn = self.message.segments("EVN").next();
        let (recorded, occurred) = evn.map_or((None, None), |evn| {
            self.pass(evn, [1]);
            (self.date_time(self.take(evn, 2).into()), self.date_time(self.take(evn, 6).into()))
        });
        StayEvent { trigger, at: occurred.clone().or(recorded), occurred }
    }
}

/// Repetitions beyond the first in all fields of a message together, but for lines of text.
const REPETITIONS_MAX: usize = 50_000;

/// Segments of a message: what is made of one takes some ten thousand bytes of memory.
const SEGMENTS_MAX: usize = 20_000;

fn bound_repetitions(message: &Message<'_>) -> Result<(), MapError> {
    if let Some(segment) = message.all().nth(SEGMENTS_MAX) {
        return Err(MapError::TooManySegments { place: segment.place(), limit: SEGMENTS_MAX });
    }
    let mut count = 0;
    for segment in message.all() {
        for field in segment.fields() {
            let lines = matches!((segment.id().as_str(), field.place().field), ("OBX", 5) | ("NTE", 3));
            if lines && (segment.is("NTE") || is_text(segment.field(2).text().trim())) {
                continue;
            }
            count += field.repeat_count() - 1;
            if count > REPETITIONS_MAX {
                return Err(MapError::TooManyRepetitions { place: field.place(), limit: REPETITIONS_MAX });
            }
        }
    }
    Ok(())
}

impl<'m> Groups<'m> {
    fn of(message: &'m Message<'m>) -> Self {
        let mut groups = Groups { lead: Vec::new(), patients: Vec::new() };
        for segment in message.all().skip(1) {
            if segment.is("PID") {
                groups.patients.push(vec![segment]);
                continue;
            }
            match groups.patients.last_mut() {
                Some(group) => group.push(segment),
                None => groups.lead.push(segment),
            }
        }
        groups
    }
}

/// The first segment with this id.
fn find<'m>(group: &[Segment<'m>], id: &str) -> Option<Segment<'m>> {
    group.iter().copied().find(|segment| segment.is(id))
}

/// Where the segments end that belong to the one at `start`: at the next with one of these ids.
fn end_at(group: &[Segment<'_>], start: usize, ids: &[&str]) -> usize {
    let next = group[start + 1..].iter().position(|segment| ids.iter().any(|id| segment.is(id)));
    next.map_or(group.len(), |found| start + 1 + found)
}
