//! ADT about who is who: merges, links, moves and changes of numbers of patients, accounts and stays.

use super::super::MapError;
use super::super::context::Context;
use super::super::encounter::{Stay, StayEvent};
use super::super::merge::{AccountMerge, Prior};
use super::super::patient::Subject;
use super::super::transaction::Write;
use super::{Event, Groups};
use crate::message::Segment;

/// What an event says about numbers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// A24: two patients belong together.
    Link,
    /// A37: two patients do not belong together.
    Unlink,
    /// A18, A30, A34, A39, A40: two patients are one.
    MergePatients,
    /// A36: and so are their accounts.
    MergePatientsAndAccounts,
    /// A35, A41: two accounts are one.
    MergeAccounts,
    /// A42: two stays are one.
    MergeStays,
    /// A43: a patient's records go to another.
    MovePatient,
    /// A44: an account goes to another patient.
    MoveAccount,
    /// A45: a stay goes to another account, and with it to that one's patient.
    MoveStay,
    /// A46, A47, A48: a patient has another number.
    RenumberPatient,
    /// A49: an account has another number.
    RenumberAccount,
    /// A50, A51: a stay has another number.
    RenumberStay,
}

impl<'m> Context<'m> {
    pub(super) fn identity(
        &self,
        change: Change,
        event: &Event,
        groups: &Groups<'m>,
        stay_event: &StayEvent<'_>,
    ) -> Result<(), MapError> {
        if matches!(change, Change::Link | Change::Unlink) {
            return self.link_groups(change, event, groups);
        }
        for group in &groups.patients {
            self.begin_patient();
            self.identity_group(change, event, group, stay_event)?;
        }
        Ok(())
    }

    /// A PID with each MRG that follows it, and the PV1 behind that.
    fn identity_group(
        &self,
        change: Change,
        event: &Event,
        group: &[Segment<'m>],
        stay_event: &StayEvent<'_>,
    ) -> Result<(), MapError> {
        let subject = self.numbered_person(group)?;
        let mut changed = false;
        for (at, mrg) in group.iter().copied().enumerate().filter(|(_, segment)| segment.is("MRG")) {
            let pv1 = group[at + 1..]
                .iter()
                .copied()
                .take_while(|segment| !segment.is("MRG"))
                .find(|segment| segment.is("PV1"));
            let about_stay = matches!(change, Change::MergeStays | Change::MoveStay | Change::RenumberStay);
            let write = if about_stay { Write::Update } else { Write::CreateIfAbsent };
            let stay = pv1.and_then(|pv1| self.stay_of(group, pv1, &subject, stay_event, write));
            self.within(mrg, mrg);
            self.one_change(change, mrg, &subject, stay.as_ref(), event)?;
            changed = true;
        }
        if !changed {
            return Err(MapError::MissingSegment { event: event.name.clone(), segment: "MRG" });
        }
        Ok(())
    }

    fn one_change(
        &self,
        change: Change,
        mrg: Segment<'m>,
        subject: &Subject,
        stay: Option<&Stay>,
        event: &Event,
    ) -> Result<(), MapError> {
        let needed = || stay.ok_or_else(|| MapError::MissingSegment { event: event.name.clone(), segment: "PV1" });
        match change {
            Change::MergePatients => self.merge(mrg, subject, AccountMerge::Keep),
            Change::MergePatientsAndAccounts => self.merge(mrg, subject, AccountMerge::Merge),
            Change::MergeAccounts => self.merge_accounts(mrg, subject),
            Change::MergeStays => self.merge_stays(mrg, subject, needed()?),
            Change::MovePatient => {
                // Where both have a number that goes with the records, it is one patient whose other numbers are new.
                if self.shares_number(mrg, subject) {
                    self.renumber_patient(mrg, subject)
                } else {
                    self.merge(mrg, subject, AccountMerge::Keep)
                }
            }
            Change::MoveAccount => self.move_account(mrg, subject),
            Change::MoveStay => self.move_stay(mrg, subject, needed()?),
            Change::RenumberPatient => self.renumber_patient(mrg, subject),
            Change::RenumberAccount => self.renumber_account(mrg, subject),
            Change::RenumberStay => self.renumber_stay(mrg, needed()?),
            Change::Link | Change::Unlink => Ok(()),
        }
    }

    /// A24, A37: two PID; in between there may be what else is known of the first.
    fn link_groups(&self, change: Change, event: &Event, groups: &Groups<'m>) -> Result<(), MapError> {
        if groups.patients.len() < 2 {
            return Err(MapError::MissingSegment { event: event.name.clone(), segment: "PID" });
        }
        for pair in groups.patients.chunks(2) {
            let [first, second] = pair else {
                self.warn(*pair[0][0].field(3), "a patient without another to be linked with; nothing was linked");
                continue;
            };
            self.begin_patient();
            let one = self.numbered_person(first)?;
            let other = self.numbered_person(second)?;
            if one.key == other.key {
                self.warn(*second[0].field(3), "the patient would be linked with itself; nothing was linked");
            } else if change == Change::Link {
                self.link(&one, &other);
            } else {
                self.unlink(&one.key, other.reference.clone());
                self.unlink(&other.key, one.reference.clone());
            }
        }
        Ok(())
    }

    /// Who is known by no number cannot be told from others.
    fn numbered_person(&self, group: &[Segment<'m>]) -> Result<Subject, MapError> {
        let subject = self.person(group, Write::Update)?;
        if subject.is_numbered {
            return Ok(subject);
        }
        Err(MapError::NoIdentity { place: group[0].field(3).place(), what: Prior::PATIENT })
    }
}
