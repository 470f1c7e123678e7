//! Remembered values: the same cells give the same JSON.
//!
//! Codes, units, dates and references repeat from row to row; what was made of a few cells is kept in a small table and
//! copied when the same cells come again. A value whose cells seldom repeat is looked for no more.

/// Cells that a value may be made of to be remembered.
pub const CELLS: usize = 4;
/// Places of a table: a power of two.
const PLACES: usize = 256;
/// Longer cells, and longer JSON, are not kept.
const BYTES_MAX: usize = 512;
/// After so many calls without enough that repeat, a table is given up.
const TRIALS: u32 = 4_096;
/// One in so many must repeat.
const WORTH: u32 = 4;

/// What was made of the cells of one value.
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
    /// The cells, packed, and behind them the JSON.
    bytes: Vec<u8>,
    json: usize,
    told: Option<Box<Told>>,
}

/// What is told each time of a value, beside its JSON: that something else could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub flag: &'static str,
    pub message: String,
    pub text: Option<String>,
}

/// What a look for cells finds.
#[derive(Debug, PartialEq, Eq)]
pub enum Look<'m> {
    /// The JSON that was made of the same cells, empty for no value, and what is told of it.
    Found(&'m [u8], Option<&'m Told>),
    /// Nothing: what is made is to be kept by this hash.
    Missed(u64),
    /// Nothing, and it is not to be kept.
    Passed,
}

/// Mixes eight bytes at a time. It only chooses a place: texts are compared.
pub fn hash(bytes: &[u8]) -> u64 {
    let mut hash = bytes.len() as u64;
    let (chunks, rest) = bytes.as_chunks::<8>();
    for chunk in chunks {
        hash = mixed(hash, u64::from_le_bytes(*chunk));
    }
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    hash = mixed(hash, u64::from_le_bytes(last));
    hash ^ hash >> 32
}

fn mixed(hash: u64, more: u64) -> u64 {
    (hash ^ more).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)
}

/// Of a cell its length, and what it begins and ends with and has in its middle: enough to choose a place.
fn ends(cell: Option<&str>) -> u64 {
    let Some(bytes) = cell.map(str::as_bytes) else { return 1 << 63 };
    let length = (bytes.len() as u64) << 48;
    let middle = bytes[bytes.len() / 2..].first_chunk().map_or(0, |middle| u64::from_le_bytes(*middle));
    match (bytes.first_chunk(), bytes.last_chunk()) {
        (Some(first), Some(last)) => {
            mixed(length ^ u64::from_le_bytes(*first).rotate_left(17) ^ u64::from_le_bytes(*last), middle)
        }
        _ => bytes.iter().fold(length, |all, byte| all << 8 ^ all >> 56 ^ u64::from(*byte)),
    }
}

/// Takes a packed cell from the front if it is this one.
fn begins_with(packed: &mut &[u8], cell: Option<&str>) -> bool {
    let length = cell.map_or(u32::MAX, |text| text.len() as u32);
    let Some((head, rest)) = packed.split_first_chunk() else { return false };
    let text = cell.unwrap_or_default().as_bytes();
    if u32::from_le_bytes(*head) != length || rest.len() < text.len() || rest[..text.len()] != *text {
        return false;
    }
    *packed = &rest[text.len()..];
    true
}

impl Memo {
    /// True if it is worth a look.
    pub fn is_used(&self) -> bool {
        !self.given_up
    }

    /// Looks for what was made of these cells, always as many.
    pub fn look(&mut self, cells: &[Option<&str>]) -> Look<'_> {
        self.tries += 1;
        if self.tries == TRIALS {
            if self.hits < TRIALS / WORTH {
                *self = Memo { given_up: true, ..Memo::default() };
                return Look::Passed;
            }
            (self.tries, self.hits) = (0, 0);
        }
        let hash = cells.iter().fold(0, |hash, cell| mixed(hash, ends(*cell)));
        let hash = hash ^ hash >> 32;
        let Some(place) = self.places.get(hash as usize % PLACES) else { return Look::Missed(hash) };
        if place.hash != hash || place.bytes.is_empty() {
            return Look::Missed(hash);
        }
        let mut packed = &place.bytes[..place.json];
        if !cells.iter().all(|cell| begins_with(&mut packed, *cell)) {
            return Look::Missed(hash);
        }
        self.hits += 1;
        Look::Found(&place.bytes[place.json..], place.told.as_deref())
    }

    /// Keeps what was made of the cells, under the hash that the look for them gave.
    pub fn keep(&mut self, hash: u64, cells: &[Option<&str>], json: &[u8], told: Option<&Told>) {
        let length: usize = cells.iter().flatten().map(|text| text.len()).sum();
        if self.given_up || json.len() > BYTES_MAX || length > BYTES_MAX {
            return;
        }
        if self.places.is_empty() {
            self.places = vec![Place::default(); PLACES];
        }
        let place = &mut self.places[hash as usize % PLACES];
        place.hash = hash;
        place.told = told.cloned().map(Box::new);
        place.bytes.clear();
        for cell in cells {
            let length = cell.map_or(u32::MAX, |text| text.len() as u32);
            place.bytes.extend_from_slice(&length.to_le_bytes());
            place.bytes.extend_from_slice(cell.unwrap_or_default().as_bytes());
        }
        place.json = place.bytes.len();
        place.bytes.extend_from_slice(json);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keep(memo: &mut Memo, cells: &[Option<&str>], json: &[u8]) {
        let Look::Missed(hash) = memo.look(cells) else { panic!("{cells:?} was there") };
        memo.keep(hash, cells, json, None);
    }

    #[test]
    fn only_the_same_cells_are_met_again() {
        let mut memo = Memo::default();
        keep(&mut memo, &[Some("a"), None], b"1");
        assert_eq!(memo.look(&[Some("a"), None]), Look::Found(b"1", None));
        for other in [[Some("a"), Some("")], [None, Some("a")], [Some("A"), None], [Some("aa"), None]] {
            assert!(matches!(memo.look(&other), Look::Missed(_)), "{other:?}");
        }
        // Cells of one place: what was there goes.
        let long = |inside: char| format!("beginning{inside}, the middle, and the end");
        let (one, other) = (long('1'), long('2'));
        keep(&mut memo, &[Some(&one), Some("x")], b"one");
        keep(&mut memo, &[Some(&other), Some("x")], b"other");
        assert_eq!(memo.look(&[Some(&other), Some("x")]), Look::Found(b"other", None));
        assert!(matches!(memo.look(&[Some(&one), Some("x")]), Look::Missed(_)));
        let told = Told { flag: "kept-as-text", message: "no number".into(), text: Some("a".into()) };
        let Look::Missed(hash) = memo.look(&[Some("told"), None]) else { panic!("it was there") };
        memo.keep(hash, &[Some("told"), None], b"1", Some(&told));
        assert_eq!(memo.look(&[Some("told"), None]), Look::Found(b"1", Some(&told)));
        let longest = "x".repeat(BYTES_MAX + 1);
        keep(&mut memo, &[Some(&longest), None], b"1");
        assert!(matches!(memo.look(&[Some(&longest), None]), Look::Missed(_)));
    }

    #[test]
    fn a_table_of_cells_that_do_not_repeat_is_given_up() {
        let mut memo = Memo::default();
        for at in 1..TRIALS {
            keep(&mut memo, &[Some(&at.to_string())], b"x");
        }
        assert_eq!(memo.look(&[Some("1")]), Look::Passed);
        assert!(!memo.is_used());
    }
}
