//! Which segments a message must have, and in which order: by the structure of its event.

mod grammar;
mod path;
mod table;

use super::finding::{Finding, Rule, Severity};
use super::segment::{self, is_standard};
use crate::message::{Message, Place, Segment, SegmentId};
use grammar::Structure;
use path::Step;
use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

/// The standard's name of the structure that messages of this event have (MSH-9.3), where our tables have it.
pub(super) fn name(kind: &str, trigger: &str) -> Option<&'static str> {
    table::of_event(kind, trigger).map(|(_, name)| name)
}

fn structure(name: &str) -> Option<&'static Structure> {
    static ALL: OnceLock<HashMap<&'static str, Structure>> = OnceLock::new();
    let all = ALL.get_or_init(|| {
        // A test reads them all, so that none is left out here.
        let read = |(name, text): &(&'static str, &str)| Some((*name, Structure::read(text, table::PARTS).ok()?));
        table::STRUCTURES.iter().filter_map(read).collect()
    });
    all.get(name)
}

/// Missing, misplaced, unknown and local segments.
pub(super) fn check(message: &Message<'_>, found: &mut Vec<Finding>) {
    let (kind, trigger) = message.event();
    let known = table::of_event(&kind, &trigger);
    let structure = known.and_then(|(ours, _)| structure(ours));
    let name = known.map_or("", |(_, name)| name);
    strangers(message, structure, name, found);
    let Some(structure) = structure else { return };
    let mut is_of_stranger = false;
    let is_part = |segment: &Segment<'_>| {
        // What belongs to a segment that is told as a stranger says nothing of the others.
        let belongs = BELONGING.iter().any(|id| segment.is(id));
        is_of_stranger = !structure.has(id_of(*segment)) || (belongs && is_of_stranger);
        !is_of_stranger
    };
    let segments: Vec<Segment<'_>> = message.all().filter(is_part).collect();
    let ids: Vec<[u8; 3]> = segments.iter().map(|segment| id_of(*segment)).collect();
    let (steps, at_end) = path::read(structure, &ids);
    let misplaced: Vec<[u8; 3]> =
        steps.iter().zip(&ids).filter(|(step, _)| **step == Step::Misplaced).map(|(_, id)| *id).collect();
    let end = segments.last().map_or(0, |segment| segment.span().end);
    let mut missing = |bits: u128, before: Option<Segment<'_>>| {
        for (_, leaf) in structure.leaves.iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1) {
            // It is there, and stands elsewhere: that is told.
            if misplaced.contains(&leaf.id) {
                continue;
            }
            let offset = before.map_or(end, |segment| segment.span().start);
            let id = SegmentId(leaf.id);
            let place = before.map_or_else(|| "at its end".to_owned(), |segment| format!("before {}", segment.place()));
            let after = before.map_or(message.all().len(), Segment::index).checked_sub(1).map(|at| message.segment(at));
            let inside = after.and_then(|segment| Some((glued(segment, leaf.id)?, segment)));
            let (span, also, advice) = match inside {
                None => (offset..offset, String::new(), format!("have the sender add {id}")),
                Some((at, segment)) => {
                    let also = format!(", and {id} stands inside of {}", segment.place());
                    (at..at + 3, also, "have the sender end each segment with a carriage return".to_owned())
                }
            };
            found.push(Finding {
                severity: if leaf.is_strict { Severity::Error } else { Severity::Warning },
                rule: Rule::MissingSegment,
                place: Some(Place::of_field(leaf.id, 0)),
                span,
                text: format!("{name} needs {id} {place}{also}"),
                advice,
                source: segment::chapter_of(leaf.id),
            });
        }
    };
    for (step, segment) in steps.iter().zip(&segments) {
        if let Step::Follows(bits) = step {
            missing(*bits, Some(*segment));
        }
    }
    missing(at_end, None);
    for (at, (step, segment)) in steps.iter().zip(&segments).enumerate() {
        if *step != Step::Misplaced {
            continue;
        }
        let behind = at.checked_sub(1).map_or_else(String::new, |at| format!(" behind {}", segments[at].place()));
        let mut usual: Vec<String> =
            structure.before(id_of(*segment)).iter().map(|id| SegmentId(*id).to_string()).collect();
        let more = usual.len() > FEW;
        usual.truncate(FEW);
        let usual = usual.join(", ") + if more { " and others" } else { "" };
        let advice = match usual.as_str() {
            "" => "have the sender put the segments in the standard's order".to_owned(),
            usual => format!("have the sender put it where {name} has it: behind {usual}"),
        };
        found.push(Finding {
            severity: Severity::Warning,
            rule: Rule::SegmentOrder,
            place: Some(segment.place()),
            span: segment.span().start..segment.span().start + 3,
            text: format!("{} stands{behind}, where {name} has none", segment.id()),
            advice,
            source: segment::chapter_of(id_of(*segment)),
        });
    }
}

/// Segments that say more of the one before them.
const BELONGING: [&str; 4] = ["NTE", "PRT", "TQ1", "TQ2"];

/// Segments named as those that may come before.
const FEW: usize = 5;

/// Where a segment of this id begins inside of `before`: the end between them was lost.
fn glued(before: Segment<'_>, id: [u8; 3]) -> Option<usize> {
    let mark = [id[0], id[1], id[2], before.separators().field];
    let at = before.raw().windows(mark.len()).skip(1).position(|bytes| bytes == mark)?;
    Some(before.span().start + 1 + at)
}

fn id_of(segment: Segment<'_>) -> [u8; 3] {
    segment.id().0
}

/// Segments that are not of the structure: local, unknown, or of other messages. Each id is told once.
fn strangers(message: &Message<'_>, structure: Option<&Structure>, name: &str, found: &mut Vec<Finding>) {
    let mut counted: BTreeMap<[u8; 3], (Segment<'_>, usize)> = BTreeMap::new();
    for segment in message.all() {
        let id = id_of(segment);
        if structure.is_some_and(|structure| structure.has(id)) {
            continue;
        }
        counted.entry(id).or_insert((segment, 0)).1 += 1;
    }
    for (id, (segment, count)) in counted {
        let times = if count > 1 { format!(" ({count} times)") } else { String::new() };
        let is_local = id[0] == b'Z';
        let (severity, rule, text, advice) = if is_local {
            let text = format!("{} is a segment of the sender's own{times}", segment.id());
            (Severity::Note, Rule::LocalSegment, text, "agree with the sender on what it means".to_owned())
        } else if !is_standard(id) {
            let text = format!("{} is no segment of HL7 v2{times}", segment.id());
            let advice = "correct its name, or begin a name of one's own with Z";
            (Severity::Warning, Rule::UnknownSegment, text, advice.to_owned())
        } else if structure.is_some() {
            let text = format!("{} is no part of {name}{times}", segment.id());
            let advice = "receivers may pass over it: have it sent in a message that has it";
            (Severity::Warning, Rule::UnknownSegment, text, advice.to_owned())
        } else {
            continue;
        };
        found.push(Finding {
            severity,
            rule,
            place: Some(segment.place()),
            span: segment.span().start..segment.span().start + 3,
            text,
            advice,
            source: if is_local { "HL7 v2, chapter 2" } else { segment::chapter_of(id) },
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::MAPPED_EVENTS;

    #[test]
    fn every_structure_can_be_read_and_begins_with_the_header() {
        for (name, text) in table::STRUCTURES {
            let structure = Structure::read(text, table::PARTS).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(structure.leaves[0].id, *b"MSH", "{name}");
            assert!(structure.leaves.iter().all(|leaf| is_standard(leaf.id)), "{name}");
            assert!(structure.first[0] == Some(0) && structure.last.iter().all(Option::is_some), "{name}");
        }
    }

    #[test]
    fn every_event_with_a_map_has_its_structure() {
        for (kind, trigger) in MAPPED_EVENTS {
            let (ours, name) = table::of_event(kind, trigger).unwrap_or_else(|| panic!("{kind}^{trigger}"));
            assert!(structure(ours).is_some() && name.starts_with(kind), "{kind}^{trigger}: {ours}");
        }
    }

    fn told(structure: &str, ids: &str) -> Vec<String> {
        let structure = Structure::read(structure, &[]).unwrap();
        let ids: Vec<[u8; 3]> = ids.split(' ').map(|id| id.as_bytes().try_into().unwrap()).collect();
        let (steps, end) = path::read(&structure, &ids);
        let names = |bits: u128| {
            let missing = structure.leaves.iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1);
            missing.map(|(_, leaf)| SegmentId(leaf.id).to_string()).collect::<Vec<_>>().join(" ")
        };
        let told = steps.iter().zip(&ids).filter_map(|(step, id)| match step {
            Step::Follows(0) => None,
            Step::Follows(bits) => Some(format!("{} before {}", names(*bits), SegmentId(*id))),
            Step::Misplaced => Some(format!("{} misplaced", SegmentId(*id))),
        });
        told.chain((end != 0).then(|| format!("{} at the end", names(end)))).collect()
    }

    #[test]
    fn the_reading_with_the_least_faults_is_told() {
        const RESULT: &str = "MSH {[PID [PD1] [PV1]] {[ORC] OBR [{NTE}] [{OBX [{NTE}]}]}} [DSC]";
        assert_eq!(told(RESULT, "MSH PID PV1 ORC OBR OBX NTE OBX OBR OBX PID OBR"), [""; 0]);
        assert_eq!(told(RESULT, "MSH PID ORC OBX OBR"), ["OBR before OBX"]);
        assert_eq!(told(RESULT, "MSH PID PV1 PD1 OBR OBX"), ["PD1 misplaced"]);
        assert_eq!(told(RESULT, "MSH PID PV1"), ["OBR at the end"]);
        const ADMISSION: &str = "MSH EVN PID [{NK1}] PV1 [{<AL1|IAM>}] [{DG1}]";
        assert_eq!(told(ADMISSION, "MSH PID DG1"), ["EVN before PID", "PV1 before DG1"]);
        assert_eq!(told(ADMISSION, "MSH EVN PID PV1 NK1 IAM DG1 AL1"), ["NK1 misplaced", "AL1 misplaced"]);
        assert_eq!(told(ADMISSION, "MSH EVN PV1 PID DG1"), ["PID before PV1", "PID misplaced"]);
    }
}
