//! How a version's content lies in the database, and the dictionaries that make it small.
//!
//! A body is two texts: what stands in `meta` besides `versionId` and `lastUpdated`, and the members besides `resourceType`,
//! `id` and `meta`. Reading a resource is joining them again around its identity, without parsing.

use crate::error::Error;
use fhir::json::{Node, Rewriter, escape_into};
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Arc, RwLock};

/// zstd level of bodies.
const LEVEL: i32 = 3;
/// Size of a trained dictionary.
pub(crate) const DICTIONARY_BYTES: usize = 112 << 10;
/// Longest body, unpacked; the JSON limits keep content below it.
const BODY_BYTES: usize = 512 << 20;

/// A resource's content without identity and version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    text: String,
    meta_length: usize,
}

const SEPARATOR: u8 = b'\n';

impl Body {
    /// Takes the content of `resource`, written through `rewriter`.
    pub fn new(resource: Node<'_>, rewriter: &Rewriter) -> Self {
        let mut text = String::with_capacity(resource.raw().len());
        if let Some(meta) = resource.get("meta") {
            rewriter.write_members(meta, &["versionId", "lastUpdated"], &mut text);
        }
        let meta_length = text.len();
        text.push(SEPARATOR as char);
        rewriter.write_members(resource, &["resourceType", "id", "meta"], &mut text);
        Body { text, meta_length }
    }

    /// The stored form. Compact JSON has no raw line feed, so the separator cannot occur in either part.
    pub fn as_bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    pub(crate) fn from_bytes(bytes: Vec<u8>) -> Result<Self, Error> {
        let text = String::from_utf8(bytes).map_err(|_| Error::Damaged("a body is not UTF-8".into()))?;
        let meta_length =
            text.find(SEPARATOR as char).ok_or_else(|| Error::Damaged("a body without separator".into()))?;
        Ok(Body { text, meta_length })
    }

    /// Appends the resource as JSON.
    pub fn write(&self, identity: &Identity<'_>, out: &mut String) {
        let (meta, rest) = (&self.text[..self.meta_length], &self.text[self.meta_length + 1..]);
        out.push_str("{\"resourceType\":\"");
        out.push_str(identity.resource_type);
        out.push_str("\",\"id\":");
        escape_into(out, identity.id);
        out.push_str(",\"meta\":{\"versionId\":\"");
        out.push_str(&identity.version.to_string());
        out.push_str("\",\"lastUpdated\":\"");
        out.push_str(&fhir::time::format_us(identity.updated_us));
        out.push('"');
        if !meta.is_empty() {
            out.push(',');
            out.push_str(meta);
        }
        out.push('}');
        if !rest.is_empty() {
            out.push(',');
            out.push_str(rest);
        }
        out.push('}');
    }
}

/// What the store adds to a body when it gives it out.
#[derive(Clone, Copy, Debug)]
pub struct Identity<'a> {
    /// Resource type.
    pub resource_type: &'a str,
    /// Logical id.
    pub id: &'a str,
    /// Version number, from 1.
    pub version: i64,
    /// `meta.lastUpdated` in microseconds since 1970 UTC.
    pub updated_us: i64,
}

/// The trained dictionaries, by number; 0 is none.
#[derive(Default)]
pub(crate) struct Dictionaries {
    all: RwLock<HashMap<i64, Arc<Vec<u8>>>>,
    newest: std::sync::atomic::AtomicI64,
}

thread_local! {
    /// zstd contexts with their dictionary loaded, which costs more than packing one resource.
    static PACKERS: RefCell<HashMap<(i64, i32), zstd::bulk::Compressor<'static>>> = RefCell::new(HashMap::new());
    static UNPACKERS: RefCell<HashMap<i64, zstd::bulk::Decompressor<'static>>> = RefCell::new(HashMap::new());
}

impl Dictionaries {
    pub(crate) fn add(&self, no: i64, bytes: Vec<u8>) {
        self.all.write().unwrap_or_else(std::sync::PoisonError::into_inner).insert(no, Arc::new(bytes));
        self.newest.fetch_max(no, std::sync::atomic::Ordering::AcqRel);
    }

    pub(crate) fn current_no(&self) -> i64 {
        self.newest.load(std::sync::atomic::Ordering::Acquire)
    }

    fn bytes(&self, no: i64) -> Result<Arc<Vec<u8>>, Error> {
        if no == 0 {
            return Ok(Arc::default());
        }
        let all = self.all.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        all.get(&no).cloned().ok_or_else(|| Error::Damaged(format!("dictionary {no} is missing")))
    }

    pub(crate) fn compress(&self, no: i64, bytes: &[u8], level: i32) -> Result<Vec<u8>, Error> {
        let zstd_error = |e| Error::file("pack with zstd", e);
        // Two stores in one process number their dictionaries alike: the key holds the dictionary's address too.
        let dictionary = self.bytes(no)?;
        let key = (key_of(no, &dictionary), level);
        PACKERS.with_borrow_mut(|packers| {
            if packers.len() > 16 {
                packers.clear();
            }
            let packer = match packers.entry(key) {
                std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
                std::collections::hash_map::Entry::Vacant(entry) => {
                    entry.insert(zstd::bulk::Compressor::with_dictionary(level, &dictionary).map_err(zstd_error)?)
                }
            };
            packer.compress(bytes).map_err(zstd_error)
        })
    }

    pub(crate) fn decompress(&self, no: i64, bytes: &[u8], limit: usize) -> Result<Vec<u8>, Error> {
        let damaged = |e: std::io::Error| Error::Damaged(format!("unpack with zstd: {e}"));
        let dictionary = self.bytes(no)?;
        let size = zstd::zstd_safe::get_frame_content_size(bytes).ok().flatten().unwrap_or(limit as u64);
        if size > limit as u64 {
            return Err(Error::Damaged(format!("a frame of {size} bytes where at most {limit} may be")));
        }
        UNPACKERS.with_borrow_mut(|unpackers| {
            if unpackers.len() > 16 {
                unpackers.clear();
            }
            let unpacker = match unpackers.entry(key_of(no, &dictionary)) {
                std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
                std::collections::hash_map::Entry::Vacant(entry) => {
                    entry.insert(zstd::bulk::Decompressor::with_dictionary(&dictionary).map_err(damaged)?)
                }
            };
            unpacker.decompress(bytes, size as usize).map_err(damaged)
        })
    }

    pub(crate) fn pack_body(&self, body: &Body) -> Result<(i64, Vec<u8>), Error> {
        let no = self.current_no();
        Ok((no, self.compress(no, body.as_bytes(), LEVEL)?))
    }

    pub(crate) fn unpack_body(&self, no: i64, bytes: &[u8]) -> Result<Body, Error> {
        Body::from_bytes(self.decompress(no, bytes, BODY_BYTES)?)
    }
}

/// A key that differs between dictionaries of different stores: number 0 is always the empty one.
fn key_of(no: i64, dictionary: &[u8]) -> i64 {
    if no == 0 {
        return 0;
    }
    let hash = blake3::hash(&dictionary[..dictionary.len().min(512)]);
    i64::from_le_bytes(hash.as_bytes()[..8].try_into().unwrap_or_default())
}

/// Trains a dictionary on sample bodies; `None` if they are too few or too alike for zstd.
pub(crate) fn train(samples: &[Vec<u8>]) -> Option<Vec<u8>> {
    zstd::dict::from_samples(samples, DICTIONARY_BYTES).ok()
}
