//! What an import says about each file.

use fhir::schema::{TypeId, r4};
use records::{ArrivalNo, Change, DeadLetterNo};
use std::collections::BTreeMap;

/// Issues kept per file; the count goes on.
pub const ISSUES_KEPT: usize = 1_000;

/// What became of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileReport {
    /// The file's name.
    pub name: String,
    /// Resources created or updated.
    pub stored: u64,
    /// Resources that were there already, equal.
    pub unchanged: u64,
    /// Resources deleted.
    pub deleted: u64,
    /// The same by type.
    pub by_type: BTreeMap<&'static str, Counts>,
    /// Arrivals that hold the content, those that were here before included.
    pub arrivals: Vec<ArrivalNo>,
    /// How many of them are new.
    pub new_arrivals: u64,
    /// What could not be taken.
    pub dead_letters: Vec<DeadLetterNo>,
    /// What could not be taken and was dealt with when it came before: its letters are replayed or discarded.
    pub dealt_with: u64,
    /// What is wrong, the first [`ISSUES_KEPT`].
    pub issues: Vec<Issue>,
    /// How many issues there are.
    pub issue_count: u64,
    /// How many of them stopped nothing: oddities of messages that were taken.
    pub remarks: u64,
    /// Messages without a map, by event.
    pub unmapped: BTreeMap<String, u64>,
    /// Bytes of content read, unpacked.
    pub bytes: u64,
}

/// Counts of one type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// New resources.
    pub created: u64,
    /// New versions.
    pub updated: u64,
    /// Equal ones.
    pub unchanged: u64,
    /// Deleted ones.
    pub deleted: u64,
}

/// Something that is wrong with a file or a part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// The file; within an archive, its path there too.
    pub file: String,
    /// Where: a line, an entry, a FHIRPath, a segment. Empty if it is the whole.
    pub place: String,
    /// Byte offset in the file (unpacked), where there is one.
    pub offset: Option<u64>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: String,
    /// The dead letter that keeps it.
    pub dead_letter: Option<DeadLetterNo>,
}

impl Issue {
    /// True if it stopped nothing: an oddity of a message that was taken.
    pub(crate) fn is_remark(&self) -> bool {
        self.hint == REMARK || self.hint == NOT_MAPPED
    }
}

/// What is said of a part of what was taken that this program has no rule for.
pub(crate) const NOT_MAPPED: &str =
    "nothing is made of it yet; it is kept as it came, and nothing is wrong with what was sent";
/// What to do about an oddity of a message that was taken, where whoever sent it can do something.
pub(crate) const REMARK: &str = "it was taken as far as it goes; see that the sender corrects it";

impl FileReport {
    /// A report on a file of which nothing is known yet.
    pub fn new(name: impl Into<String>) -> Self {
        FileReport { name: name.into(), ..FileReport::default() }
    }

    pub(crate) fn count(&mut self, resource_type: TypeId, change: Change) {
        let counts = self.by_type.entry(r4().name(resource_type)).or_default();
        let (all, own) = match change {
            Change::Created => (&mut self.stored, &mut counts.created),
            Change::Updated => (&mut self.stored, &mut counts.updated),
            Change::Unchanged => (&mut self.unchanged, &mut counts.unchanged),
            Change::Deleted => (&mut self.deleted, &mut counts.deleted),
        };
        *all += 1;
        *own += 1;
    }

    pub(crate) fn issue(&mut self, issue: Issue) {
        self.issue_count += 1;
        self.remarks += u64::from(issue.is_remark());
        if self.issues.len() < ISSUES_KEPT {
            self.issues.push(issue);
        }
    }
}
