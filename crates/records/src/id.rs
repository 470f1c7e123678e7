//! Ids and numbers that must not be mixed.

use rusqlite::ToSql;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, Value, ValueRef};

/// Dense number of a resource, given at its first mention and never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Row(pub i64);

/// Position in the change feed, from 1 without gaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Seq(pub i64);

/// Number of an arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ArrivalNo(pub i64);

/// Number of a delivery: the requests that brought the parts of one file, one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeliveryNo(pub i64);

impl std::fmt::Display for ArrivalNo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// A logical id as it lies in the database: a canonical UUID in 16 bytes, anything else as text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum StoredId {
    Uuid([u8; 16]),
    Text(String),
}

impl StoredId {
    pub(crate) fn new(id: &str) -> Self {
        uuid_bytes(id).map_or_else(|| StoredId::Text(id.to_owned()), StoredId::Uuid)
    }
}

impl std::fmt::Display for StoredId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            StoredId::Uuid(bytes) => f.write_str(&uuid_text(bytes)),
            StoredId::Text(text) => f.write_str(text),
        }
    }
}

impl ToSql for StoredId {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            StoredId::Uuid(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
            StoredId::Text(text) => ToSqlOutput::Owned(Value::Text(text.clone())),
        })
    }
}

impl FromSql for StoredId {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value {
            ValueRef::Blob(bytes) => bytes.try_into().map(StoredId::Uuid).map_err(|_| FromSqlError::InvalidType),
            ValueRef::Text(text) => Ok(StoredId::Text(String::from_utf8_lossy(text).into_owned())),
            _ => Err(FromSqlError::InvalidType),
        }
    }
}

/// The bytes of a UUID in its canonical form (lower case, five groups); `None` for anything else.
fn uuid_bytes(text: &str) -> Option<[u8; 16]> {
    let bytes = text.as_bytes();
    if bytes.len() != 36 {
        return None;
    }
    let (mut out, mut at) = ([0; 16], 0);
    let mut from = 0;
    while from < 36 {
        if matches!(from, 8 | 13 | 18 | 23) {
            if bytes[from] != b'-' {
                return None;
            }
            from += 1;
            continue;
        }
        let digit = |b: u8| match b {
            b'0'..=b'9' => Some(b - b'0'),
            b'a'..=b'f' => Some(b - b'a' + 10),
            _ => None,
        };
        out[at] = digit(bytes[from])? << 4 | digit(bytes[from + 1])?;
        at += 1;
        from += 2;
    }
    Some(out)
}

/// A UUID's canonical text.
pub fn uuid_text(bytes: &[u8; 16]) -> String {
    String::from_utf8_lossy(&uuid_digits(bytes)).into_owned()
}

/// The same as bytes: ASCII.
pub fn uuid_digits(bytes: &[u8; 16]) -> [u8; 36] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    /// Where each byte's digits stand.
    const PLACES: [usize; 16] = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
    let mut out = [b'-'; 36];
    for (byte, place) in bytes.iter().zip(PLACES) {
        out[place] = DIGITS[(byte >> 4) as usize];
        out[place + 1] = DIGITS[(byte & 15) as usize];
    }
    out
}

/// Ids that resources get from where they came: the same source and name give the same id on every import.
#[derive(Clone, Debug)]
pub struct DerivedIds {
    /// What is hashed: of it, all names of the source have the beginning.
    input: Vec<u8>,
    names_begin: usize,
}

impl DerivedIds {
    /// Ids of a source.
    pub fn of(source: &str) -> DerivedIds {
        let mut input = (source.len() as u64).to_le_bytes().to_vec();
        input.extend_from_slice(source.as_bytes());
        DerivedIds { names_begin: input.len(), input }
    }

    /// The id, unpacked, of the name that is written.
    pub fn id(&mut self, name: impl FnOnce(&mut Vec<u8>)) -> [u8; 16] {
        self.input.truncate(self.names_begin);
        name(&mut self.input);
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&blake3::hash(&self.input).as_bytes()[..16]);
        // Version 8 (RFC 9562, section 5.8): bits of the application's own making.
        bytes[6] = bytes[6] & 0x0f | 0x80;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        bytes
    }
}

/// The id of one resource, as [`DerivedIds`] give it.
pub fn derived_id(source: &str, name: &str) -> String {
    uuid_text(&DerivedIds::of(source).id(|input| input.extend_from_slice(name.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_canonical_uuids_are_packed() {
        let text = "057aa36e-b892-9964-75b9-ffb46b097e34";
        assert!(matches!(StoredId::new(text), StoredId::Uuid(_)));
        assert_eq!(StoredId::new(text).to_string(), text);
        for other in [
            "057AA36E-b892-9964-75b9-ffb46b097e34",
            "a",
            "057aa36eb8929964075b9-ffb46b097e34aa",
            "057aa36e-b892-9964-75b9-ffb46b097e3é",
        ] {
            assert!(matches!(StoredId::new(other), StoredId::Text(_)), "{other}");
            assert_eq!(StoredId::new(other).to_string(), other);
        }
    }

    #[test]
    fn derived_ids_do_not_mix_source_and_name() {
        assert_eq!(derived_id("a", "bc"), derived_id("a", "bc"));
        assert_ne!(derived_id("a", "bc"), derived_id("ab", "c"));
        // What is stored under an id is found by it for ever: this is what is hashed, and nothing else.
        let mut hasher = blake3::Hasher::new();
        hasher.update(&3_u64.to_le_bytes()).update(b"his").update(b"Observation\x001");
        let digits = hasher.finalize().to_hex().to_string();
        let id = derived_id("his", "Observation\x001").replace('-', "");
        assert_eq!((&id[..12], &id[13..16], &id[17..]), (&digits[..12], &digits[13..16], &digits[17..32]));
        let mut ids = DerivedIds::of("a");
        let first = ids.id(|input| input.extend_from_slice(b"a longer name"));
        let second = ids.id(|input| input.extend_from_slice(b"bc"));
        assert_eq!((uuid_text(&first), uuid_text(&second)), (derived_id("a", "a longer name"), derived_id("a", "bc")));
    }
}
