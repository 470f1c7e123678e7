//! Remembered values: the same cells give the same JSON.
//!
//! Codes, units, dates and references repeat from row to row; what a call made of a few cells is kept in a small table and
//! copied when the same cells come again. A call whose cells seldom repeat stops looking.

/// Places of a table: a power of two.
const PLACES: usize = 256;
/// Longer cells, and longer JSON, are not kept.
const BYTES_MAX: usize = 512;
/// After so many calls without enough that repeat, a table is given up.
const TRIALS: u32 = 4_096;
/// One in so many must repeat.
const WORTH: u32 = 4;

/// What was made of the cells of one item.
#[derive(Clone, Debug, Default)]
pub struct Memo {
    places: Vec<Place>,
    tries: u32,
    hits: u32,
    given_up: bool,
}

#[derive(Clone, Debug, Default)]
struct Place {
    hash: u64,
    key: Vec<u8>,
    json: Vec<u8>,
}

/// The cells of a row, packed.
#[derive(Clone, Debug, Default)]
pub struct Key {
    bytes: Vec<u8>,
    hash: u64,
}

impl Key {
    /// Packs cells; false if they are too long to be kept.
    pub fn pack<'c>(&mut self, cells: impl Iterator<Item = Option<&'c str>>) -> bool {
        self.bytes.clear();
        for cell in cells {
            match cell {
                None => self.bytes.push(0),
                Some(text) => {
                    self.bytes.push(1);
                    self.bytes.extend_from_slice(&(text.len() as u32).to_le_bytes());
                    self.bytes.extend_from_slice(text.as_bytes());
                }
            }
            if self.bytes.len() > BYTES_MAX {
                return false;
            }
        }
        self.hash = hash(&self.bytes);
        true
    }
}

/// Mixes eight bytes at a time. It only chooses a place: keys are compared.
pub fn hash(bytes: &[u8]) -> u64 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut hash = bytes.len() as u64;
    let (chunks, rest) = bytes.as_chunks::<8>();
    for chunk in chunks {
        hash = (hash ^ u64::from_le_bytes(*chunk)).wrapping_mul(ODD).rotate_left(29);
    }
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    hash = (hash ^ u64::from_le_bytes(last)).wrapping_mul(ODD);
    hash ^ hash >> 32
}

impl Memo {
    /// True if it is worth a look.
    pub fn is_used(&self) -> bool {
        !self.given_up
    }

    /// The JSON that was made of the same cells; empty for no value.
    pub fn get(&mut self, key: &Key) -> Option<&[u8]> {
        self.tries += 1;
        if self.tries == TRIALS {
            if self.hits < TRIALS / WORTH {
                *self = Memo { given_up: true, ..Memo::default() };
                return None;
            }
            (self.tries, self.hits) = (0, 0);
        }
        let place = self.places.get(key.hash as usize % PLACES)?;
        if place.hash != key.hash || place.key != key.bytes {
            return None;
        }
        self.hits += 1;
        Some(&place.json)
    }

    /// Keeps what was made.
    pub fn keep(&mut self, key: &Key, json: &[u8]) {
        if self.given_up || json.len() > BYTES_MAX {
            return;
        }
        if self.places.is_empty() {
            self.places = vec![Place::default(); PLACES];
        }
        let place = &mut self.places[key.hash as usize % PLACES];
        place.hash = key.hash;
        place.key.clone_from(&key.bytes);
        place.json.clear();
        place.json.extend_from_slice(json);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(cells: &[Option<&str>]) -> Key {
        let mut key = Key::default();
        assert!(key.pack(cells.iter().copied()));
        key
    }

    #[test]
    fn only_the_same_cells_are_met_again() {
        let mut memo = Memo::default();
        memo.keep(&key(&[Some("a"), None]), b"1");
        assert_eq!(memo.get(&key(&[Some("a"), None])), Some(&b"1"[..]));
        for other in [&[Some("a")][..], &[Some("a"), Some("")], &[None, Some("a")], &[Some("A"), None]] {
            assert_eq!(memo.get(&key(other)), None);
        }
        assert!(!Key::default().pack([Some("x".repeat(600).as_str())].into_iter()));
    }

    #[test]
    fn a_table_of_cells_that_do_not_repeat_is_given_up() {
        let mut memo = Memo::default();
        for at in 0..TRIALS {
            let key = key(&[Some(&at.to_string())]);
            assert_eq!(memo.get(&key), None);
            memo.keep(&key, b"x");
        }
        assert!(!memo.is_used());
    }
}
