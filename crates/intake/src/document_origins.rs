//! Which part of a clinical document each element of a stored resource comes from.

use crate::document_door::DOCUMENT_MEDIA;
use crate::error::Error;
use crate::import::Importer;
use access::Grant;
use hl7::ccda::{self, Identity, Origin};

/// Where the elements of one version come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origins {
    /// The version.
    pub version: i64,
    /// The arrival that brought it.
    pub arrival: records::ArrivalNo,
    /// For the resource (with an empty name) and its elements: the XPath, and the bytes in the arrival. Nothing for what no clinical document
    /// brought, and for what the document found here and only completed.
    pub elements: Vec<Origin>,
}

impl Importer {
    /// Where the elements of a resource come from, of its current version or the one named: the document that brought it is mapped again.
    ///
    /// # Errors
    /// As [`records::Records::source`] and [`records::Records::arrival_bytes`]: a document tells of everything, so the grant must allow reading all.
    pub fn document_origins(
        &self,
        grant: &Grant,
        resource_type: &str,
        id: &str,
        version: Option<i64>,
    ) -> Result<Origins, Error> {
        let source = self.records.source(grant, resource_type, id, version)?;
        let mut origins = Origins { version: source.version, arrival: source.arrival.no, elements: Vec::new() };
        if source.arrival.media != DOCUMENT_MEDIA {
            return Ok(origins);
        }
        let bytes = self.records.arrival_bytes(grant, source.arrival.no, 0, source.arrival.length)?;
        let settings = self.reading(&source.arrival.source).settings;
        // What was stored was a document then; if it is none by the rules of today, nothing is known of its elements.
        let Ok(mapped) = ccda::convert(&bytes, &settings) else { return Ok(origins) };
        let all = || mapped.resources.iter().filter(|made| made.key.resource_type == resource_type);
        let own = all().find(|made| made.identity == Identity::Own && made.own_id() == id);
        // One that is known by a number, or kept apart, by its bytes.
        let made = own.or_else(|| all().find(|made| source.at > 0 && made.span.start as u64 == source.at));
        origins.elements = made.map_or_else(Vec::new, |made| made.origins.clone());
        Ok(origins)
    }
}
