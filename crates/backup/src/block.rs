//! Blocks: what files are cut into, and what they are called.

/// Bytes of a block; the last one of a file is shorter. A multiple of every page of SQLite.
pub(crate) const BLOCK_BYTES: usize = 256 * 1024;

/// The name of a block: 128 bits of a hash with a key that leaves neither the folder nor an encrypted list, so that nobody who sees names can
/// tell whether a content that he knows is there.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct BlockName(pub(crate) [u8; 16]);

/// The key of names.
#[derive(Clone, Copy)]
pub(crate) struct NameKey(pub(crate) [u8; 32]);

impl NameKey {
    pub(crate) fn name(&self, block: &[u8]) -> BlockName {
        let mut name = [0; 16];
        name.copy_from_slice(&blake3::keyed_hash(&self.0, block).as_bytes()[..16]);
        BlockName(name)
    }
}
