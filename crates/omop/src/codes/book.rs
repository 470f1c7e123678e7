//! The book: entries of fixed length in a file, found by halving.

use super::system::{CONCEPT_SYSTEM, vocabulary_of};
use crate::error::Error;
use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

/// What the file begins with: its kind and layout.
pub(super) const MAGIC: &[u8; 16] = b"medweave codes 1";
/// Bytes before the entries: magic, and how many codes, concepts and bytes of names there are.
pub(super) const HEAD: u64 = 16 + 3 * 8;
/// Bytes of an entry of a code: hash, source concept, standard concept, value concept, domain, 4 spare.
pub(super) const CODE: u64 = 8 + 3 * 4 + 4;
/// Bytes of an entry of a concept: id, domain, whether it is standard, 2 spare.
pub(super) const CONCEPT: u64 = 4 + 4;
/// Codes that are remembered; with more, all are looked up anew.
const REMEMBERED: usize = 1 << 20;

/// What is known of the codes of a version of the vocabularies.
pub struct CodeBook {
    file: File,
    codes: u64,
    concepts: u64,
    domains: Vec<String>,
    vocabularies: Vec<String>,
    remembered: RwLock<HashMap<String, Arc<Targets>>>,
}

/// What a code means.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Targets {
    /// The concept that it is itself.
    pub source: Option<i64>,
    /// The standard concepts that it maps to, in ascending order; itself, if it is one.
    pub standard: Vec<Standard>,
}

/// A standard concept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standard {
    /// Its id.
    pub concept_id: i64,
    /// Its domain.
    pub domain: String,
    /// The value that belongs to it (`Maps to value`).
    pub value_as_concept_id: Option<i64>,
}

/// A concept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Concept {
    /// Its domain.
    pub domain: String,
    /// Whether it is standard and valid.
    pub is_standard: bool,
}

impl Targets {
    /// Whether the code is a standard concept itself.
    pub fn is_standard(&self) -> bool {
        self.source.is_some_and(|source| self.standard.iter().any(|standard| standard.concept_id == source))
    }
}

/// The hash of a code of a vocabulary. Two of ten million codes have the same by a chance of one in 370,000.
pub(super) fn hash_of(vocabulary: &str, code: &str) -> u64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(vocabulary.as_bytes()).update(b"\0").update(code.as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    u64::from_be_bytes(first)
}

impl CodeBook {
    /// Opens a book that was made.
    ///
    /// # Errors
    /// [`Error::File`]; one that is none.
    pub fn open(path: &Path) -> Result<CodeBook, Error> {
        let failed = |error| Error::file("read", path, error);
        let file = File::open(path).map_err(failed)?;
        let mut head = [0; HEAD as usize];
        file.read_exact_at(&mut head, 0).map_err(failed)?;
        let (magic, counts) = head.split_at(16);
        let mut counts = counts.chunks_exact(8).map(|bytes| number(bytes) as u64);
        let mut next = || counts.next().unwrap_or_default();
        let (codes, concepts, names) = (next(), next(), next());
        let length = HEAD + codes * CODE + concepts * CONCEPT + names;
        if magic != MAGIC || file.metadata().map_err(failed)?.len() != length {
            return Err(Error::definition(
                path.display().to_string(),
                "is no book of codes: delete it, it is made anew",
            ));
        }
        let mut text = vec![0; usize::try_from(names).unwrap_or_default()];
        file.read_exact_at(&mut text, length - names).map_err(failed)?;
        let text = String::from_utf8_lossy(&text).into_owned();
        let (domains, vocabularies) = text.split_once('\n').unwrap_or((&text, ""));
        let list = |line: &str| line.split('\t').map(str::to_owned).collect::<Vec<_>>();
        let (domains, vocabularies) = (list(domains), list(vocabularies));
        Ok(CodeBook { file, codes, concepts, domains, vocabularies, remembered: RwLock::default() })
    }

    /// What a coding, written as `system|code`, means; nothing for one that the vocabularies do not have.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn targets(&self, coding: &str) -> std::io::Result<Arc<Targets>> {
        if let Some(known) = self.remembered.read().unwrap_or_else(PoisonError::into_inner).get(coding) {
            return Ok(Arc::clone(known));
        }
        let (system, code) = coding.split_once('|').unwrap_or(("", coding));
        let found = match vocabulary_of(system, &self.vocabularies) {
            Some(vocabulary) => {
                let found = self.look_up(vocabulary, code.trim())?;
                match whole_ndc(code.trim()).filter(|_| vocabulary == "NDC" && found == Targets::default()) {
                    Some(whole) => self.look_up(vocabulary, &whole)?,
                    None => found,
                }
            }
            None => Targets::default(),
        };
        let found = Arc::new(found);
        let mut remembered = self.remembered.write().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() >= REMEMBERED {
            remembered.clear();
        }
        remembered.insert(coding.to_owned(), Arc::clone(&found));
        Ok(found)
    }

    /// A concept by its id.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn concept(&self, id: i64) -> std::io::Result<Option<Concept>> {
        let Ok(wanted) = u32::try_from(id) else { return Ok(None) };
        let start = HEAD + self.codes * CODE;
        let read = |at: u64| -> std::io::Result<[u8; CONCEPT as usize]> {
            let mut entry = [0; CONCEPT as usize];
            self.file.read_exact_at(&mut entry, start + at * CONCEPT)?;
            Ok(entry)
        };
        let at = partition(self.concepts, |at| Ok(number(&read(at)?[..4]) as u32 >= wanted))?;
        if at == self.concepts {
            return Ok(None);
        }
        let entry = read(at)?;
        if number(&entry[..4]) as u32 != wanted {
            return Ok(None);
        }
        Ok(Some(Concept { domain: self.domain(entry[4]), is_standard: entry[5] == 1 }))
    }

    fn look_up(&self, vocabulary: &str, code: &str) -> std::io::Result<Targets> {
        let hash = hash_of(vocabulary, code);
        let read = |at: u64| -> std::io::Result<[u8; CODE as usize]> {
            let mut entry = [0; CODE as usize];
            self.file.read_exact_at(&mut entry, HEAD + at * CODE)?;
            Ok(entry)
        };
        let mut at = partition(self.codes, |at| Ok(number(&read(at)?[..8]) as u64 >= hash))?;
        let mut found = Targets::default();
        while at < self.codes {
            let entry = read(at)?;
            if number(&entry[..8]) as u64 != hash {
                break;
            }
            let id = |bytes: &[u8]| Some(number(bytes)).filter(|id| *id != 0);
            found.source = found.source.or_else(|| id(&entry[8..12]));
            if let Some(concept_id) = id(&entry[12..16]) {
                let domain = self.domain(entry[20]);
                found.standard.push(Standard { concept_id, domain, value_as_concept_id: id(&entry[16..20]) });
            }
            at += 1;
        }
        Ok(found)
    }

    fn domain(&self, number: u8) -> String {
        self.domains.get(usize::from(number)).cloned().unwrap_or_default()
    }

    /// The vocabularies that it knows.
    pub fn vocabularies(&self) -> &[String] {
        &self.vocabularies
    }

    /// What a coding of [`CONCEPT_SYSTEM`] means, as a concept id.
    pub fn concept_of(coding: &str) -> Option<i64> {
        coding.strip_prefix(CONCEPT_SYSTEM)?.strip_prefix('|')?.trim().parse().ok()
    }
}

impl std::fmt::Debug for CodeBook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CodeBook({} codes, {} concepts)", self.codes, self.concepts)
    }
}

/// The eleven digits of a National Drug Code that was written as its three parts, of which one may lack its leading nought.
fn whole_ndc(code: &str) -> Option<String> {
    let parts: Vec<&str> = code.split('-').collect();
    let [labeler, product, package] = parts[..] else { return None };
    let is_part = |part: &str, most: usize| {
        part.bytes().all(|byte| byte.is_ascii_digit()) && (most - 1..=most).contains(&part.len())
    };
    let digits = labeler.len() + product.len() + package.len();
    let is_whole = is_part(labeler, 5) && is_part(product, 4) && is_part(package, 2) && digits >= 10;
    is_whole.then(|| format!("{labeler:0>5}{product:0>4}{package:0>2}"))
}

/// A number whose bytes come largest first.
fn number(bytes: &[u8]) -> i64 {
    bytes.iter().fold(0, |number, byte| (number << 8) | i64::from(*byte))
}

/// The first of `count` numbers for which something holds that holds for all after it.
fn partition(count: u64, holds: impl Fn(u64) -> std::io::Result<bool>) -> std::io::Result<u64> {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle)? { high = middle } else { low = middle + 1 }
    }
    Ok(low)
}

#[cfg(test)]
mod tests {
    use super::whole_ndc;

    #[test]
    fn a_drug_code_in_parts_has_eleven_digits() {
        for code in ["0781-1506-10", "00781-1506-10"] {
            assert_eq!(whole_ndc(code).as_deref(), Some("00781150610"));
        }
        assert_eq!(whole_ndc("50242-040-62").as_deref(), Some("50242004062"));
        assert_eq!(whole_ndc("50242-0040-6").as_deref(), Some("50242004006"));
        for code in ["00781150610", "0781-150-10", "x781-1506-10", "1-2-3-4"] {
            assert_eq!(whole_ndc(code), None, "{code}");
        }
    }
}
