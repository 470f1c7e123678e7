//! Blocks: sorted keys, each coded by what differs from the one before.

use crate::posting::{put_varint, take_varint};

/// A block is closed when it has grown to this: two fill a page.
pub(crate) const BLOCK_BYTES: usize = 3_960;

/// Code of a key that is as long as the one before: this many bytes at its end differ. Larger codes are marks.
const SUFFIX: u8 = 250;
/// Follows: how many bytes are shared, how many do not, those.
const FULL: u8 = 251;
/// The next key is a removal.
const REMOVAL: u8 = 252;

/// Collects keys into a block.
#[derive(Default)]
pub(crate) struct Builder {
    bytes: Vec<u8>,
    last: Vec<u8>,
}

impl Builder {
    /// Appends a key greater than all before.
    pub(crate) fn push(&mut self, key: &[u8], removed: bool) {
        debug_assert!(self.bytes.is_empty() || self.last[..] < *key, "keys come in order");
        if removed {
            self.bytes.push(REMOVAL);
        }
        let shared = if self.bytes.len() <= usize::from(removed) {
            0
        } else {
            self.last.iter().zip(key).take_while(|(a, b)| a == b).count()
        };
        let suffix = &key[shared..];
        match u8::try_from(suffix.len()) {
            Ok(length) if length <= SUFFIX && key.len() == self.last.len() && shared > 0 => self.bytes.push(length),
            _ => {
                self.bytes.push(FULL);
                put_varint(&mut self.bytes, shared as u64);
                put_varint(&mut self.bytes, suffix.len() as u64);
            }
        }
        self.bytes.extend_from_slice(suffix);
        self.last.truncate(shared);
        self.last.extend_from_slice(suffix);
    }

    pub(crate) fn is_full(&self) -> bool {
        self.bytes.len() >= BLOCK_BYTES
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The newest key.
    pub(crate) fn last(&self) -> &[u8] {
        &self.last
    }

    /// The block; the next one begins.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }
}

/// Walks the keys of a block.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keys {
    at: usize,
    pub(crate) key: Vec<u8>,
    pub(crate) removed: bool,
}

impl Keys {
    /// Begins a block, keeping the room for a key.
    pub(crate) fn begin(&mut self) {
        self.at = 0;
        self.key.clear();
    }

    /// Reads the next key of `block` into `key`: false at the end, `None` if the block is damaged.
    #[inline]
    pub(crate) fn next(&mut self, block: &[u8]) -> Option<bool> {
        let Some(&code) = block.get(self.at) else { return Some(false) };
        if code <= SUFFIX {
            let from = self.at + 1;
            let suffix = block.get(from..from + code as usize)?;
            let shared = self.key.len().checked_sub(suffix.len())?;
            self.key[shared..].copy_from_slice(suffix);
            self.at = from + suffix.len();
            self.removed = false;
            return Some(true);
        }
        self.marked(block)
    }

    fn marked(&mut self, block: &[u8]) -> Option<bool> {
        self.removed = block.get(self.at) == Some(&REMOVAL);
        self.at += usize::from(self.removed);
        let code = *block.get(self.at)?;
        let mut rest = block.get(self.at + 1..)?;
        let (shared, length) = match code {
            FULL => (take_varint(&mut rest)? as usize, take_varint(&mut rest)? as usize),
            length if length <= SUFFIX => (self.key.len().checked_sub(length as usize)?, length as usize),
            _ => return None,
        };
        if shared > self.key.len() {
            return None;
        }
        self.key.truncate(shared);
        self.key.extend_from_slice(rest.get(..length)?);
        self.at = block.len() - rest.len() + length;
        Some(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn a_block_gives_back_its_keys(keys in prop::collection::btree_map(prop::collection::vec(0..4u8, 1..9), any::<bool>(), 0..60)) {
            let mut builder = Builder::default();
            for (key, removed) in &keys {
                builder.push(key, *removed);
            }
            let block = builder.take();
            let mut walk = Keys::default();
            let mut read = BTreeMap::new();
            while walk.next(&block).unwrap() {
                read.insert(walk.key.clone(), walk.removed);
            }
            prop_assert_eq!(read, keys);
        }

        #[test]
        fn a_damaged_block_harms_nobody(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let mut walk = Keys::default();
            while walk.next(&bytes) == Some(true) {}
        }
    }
}
