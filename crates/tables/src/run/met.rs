//! Which resources of a target are one with a record that another door brought.
//!
//! A file a target, beside its ids: for each resource that was met the id that its key gives, and that of the record.

use crate::error::Error;
use crate::run::identities::Id;
use crate::run::made_before::file_of;
use std::collections::HashMap;
use std::io::{BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Records that were met, by the id that the key gives.
pub(super) type Met = HashMap<Id, String>;

fn path_of(folder: &Path, target: &str) -> PathBuf {
    file_of(folder, target).with_extension("met")
}

/// What the last run met.
pub(super) fn recall(folder: &Path, target: &str) -> Result<Met, Error> {
    let path = path_of(folder, target);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Met::new()),
        Err(error) => return Err(Error::file("read", &path, error)),
    };
    let mut met = Met::new();
    let mut rest = bytes.as_slice();
    while let Some((id, after)) = rest.split_first_chunk::<16>() {
        let Some((text, next)) =
            after.split_first().and_then(|(length, text)| text.split_at_checked(usize::from(*length)))
        else {
            break;
        };
        met.insert(*id, String::from_utf8_lossy(text).into_owned());
        rest = next;
    }
    Ok(met)
}

/// Remembers what this run met.
pub(super) fn keep(folder: &Path, target: &str, met: &Met) -> Result<(), Error> {
    let path = path_of(folder, target);
    let coming = path.with_extension("met-coming");
    let failed = |error| Error::file("write", &coming, error);
    let mut all: Vec<_> = met.iter().collect();
    all.sort_unstable();
    let mut out = BufWriter::new(std::fs::File::create(&coming).map_err(failed)?);
    for (id, text) in all {
        // An id of FHIR has 64 characters at most.
        let length = u8::try_from(text.len()).unwrap_or(u8::MAX);
        let text = &text.as_bytes()[..usize::from(length)];
        out.write_all(id).and_then(|()| out.write_all(&[length])).and_then(|()| out.write_all(text)).map_err(failed)?;
    }
    let file = out.into_inner().map_err(|error| failed(error.into_error()))?;
    file.sync_all().map_err(failed)?;
    std::fs::rename(&coming, &path).map_err(failed)
}

/// A number for what was met: the same for the same.
pub(super) fn sum(met: &Met) -> u128 {
    let one = |(id, text): (&Id, &String)| {
        let mut bytes = id.to_vec();
        bytes.extend_from_slice(text.as_bytes());
        twox_hash::xxhash3_128::Hasher::oneshot(&bytes)
    };
    met.iter().map(one).fold(0, u128::wrapping_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_met_is_recalled() {
        let folder = tempfile::tempdir().unwrap();
        assert!(recall(folder.path(), "Patient").unwrap().is_empty());
        let met = Met::from([([1; 16], "p1".to_owned()), ([2; 16], "x".repeat(64))]);
        keep(folder.path(), "Patient", &met).unwrap();
        assert_eq!(recall(folder.path(), "Patient").unwrap(), met);
        assert_ne!(sum(&met), sum(&Met::from([([1; 16], "p2".to_owned())])));
    }
}
