//! Keys of a batch that are not yet in a run.

use super::Key;

/// Keys to be put or removed, in the order in which they came. The last word on a key counts.
#[derive(Default)]
pub(crate) struct Pending {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
}

#[derive(Clone, Copy)]
struct Entry {
    at: usize,
    length: u32,
    removed: bool,
}

impl Pending {
    pub(crate) fn push(&mut self, key: &Key, removed: bool) {
        let (at, length) = (self.bytes.len(), key.bytes().len() as u32);
        self.bytes.extend_from_slice(key.bytes());
        self.entries.push(Entry { at, length, removed });
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Forgets what came after there were `length`.
    pub(crate) fn truncate(&mut self, length: usize) {
        if let Some(entry) = self.entries.get(length) {
            self.bytes.truncate(entry.at);
            self.entries.truncate(length);
        }
    }

    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.entries.clear();
    }

    fn key(&self, entry: Entry) -> &[u8] {
        &self.bytes[entry.at..entry.at + entry.length as usize]
    }

    /// Sorts by key, and leaves of each the last word.
    pub(crate) fn sort(&mut self) {
        let mut entries = std::mem::take(&mut self.entries);
        // Later ones lie further on.
        entries.sort_unstable_by(|a, b| self.key(*a).cmp(self.key(*b)).then(b.at.cmp(&a.at)));
        entries.dedup_by(|later, kept| self.key(*later) == self.key(*kept));
        self.entries = entries;
    }

    /// The keys, sorted if [`Pending::sort`] was called; true for a removal.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[u8], bool)> {
        self.entries.iter().map(|entry| (self.key(*entry), entry.removed))
    }
}
