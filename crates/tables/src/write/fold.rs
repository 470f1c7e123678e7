//! What can be done once for all rows: constants written, items of groups collected.

use super::evaluate::{CONSTANT_ROW, Known, Pen, Rows, write_member};
use super::machine::{MGive, MItem, MKind, MObject, MWay};
use super::written::Failure;
use crate::compile::EntryFrom;
use crate::value::Notes;

impl MObject {
    /// The items of an object that are not for each row of a group or child file.
    pub fn single_items<'o>(&'o self, into: &mut Vec<&'o MItem>) {
        for member in &self.members {
            let ways: Vec<&MWay> = match &member.kind {
                MKind::Constant(_) => continue,
                MKind::Single(ways) => ways.iter().collect(),
                MKind::Array { entries, .. } => {
                    entries.iter().filter(|entry| entry.from == EntryFrom::Row).flat_map(|entry| &entry.ways).collect()
                }
            };
            for way in ways {
                into.extend(&way.items);
                if let Some(object) = &way.object {
                    object.single_items(into);
                }
            }
        }
    }

    /// Makes members that are the same for all rows constants. Those that cannot be made stay as they are, so that each row tells
    /// it; why goes into `failures`.
    pub fn fold(&mut self, known: &dyn Known, pen: &mut Pen, failures: &mut Vec<Failure>) {
        for member in &mut self.members {
            if !member.from_rows && !has_reference(&member.kind) {
                pen.json.clear();
                let nothing = Rows { batches: &[], own: &[CONSTANT_ROW], chosen: None, children: &[], known };
                let written = write_member(member, &nothing, pen, false);
                let clean = pen.failures.is_empty() && pen.flags.is_empty() && pen.notes.unmapped.is_empty();
                if written
                    && clean
                    && let Ok(json) = std::str::from_utf8(&pen.json)
                {
                    member.kind = MKind::Constant(json.into());
                }
                failures.append(&mut pen.failures);
                pen.flags.clear();
                pen.notes = Notes::default();
                pen.refused = false;
                continue;
            }
            let ways: Vec<&mut MWay> = match &mut member.kind {
                MKind::Constant(_) => continue,
                MKind::Single(ways) => ways.iter_mut().collect(),
                MKind::Array { entries, .. } => entries.iter_mut().flat_map(|entry| &mut entry.ways).collect(),
            };
            for object in ways.into_iter().filter_map(|way| way.object.as_mut()) {
                object.fold(known, pen, failures);
            }
        }
        pen.json.clear();
    }
}

/// True if there is a `ref` in it: whether that is written is decided in each run.
fn has_reference(kind: &MKind) -> bool {
    fn in_give(give: &MGive) -> bool {
        match give {
            MGive::Call(call) => call.is_reference(),
            MGive::Case(_, all) | MGive::Coalesce(all) => all.iter().any(in_give),
            _ => false,
        }
    }
    fn in_ways(ways: &[MWay]) -> bool {
        ways.iter().any(|way| {
            way.items.iter().any(|item| in_give(&item.give))
                || way
                    .object
                    .as_ref()
                    .is_some_and(|object| object.members.iter().any(|member| has_reference(&member.kind)))
        })
    }
    match kind {
        MKind::Constant(_) => false,
        MKind::Single(ways) => in_ways(ways),
        MKind::Array { entries, .. } => entries.iter().any(|entry| in_ways(&entry.ways)),
    }
}
