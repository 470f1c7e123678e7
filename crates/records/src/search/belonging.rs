//! What belongs together by other resources: entries of lists, wholes and their parts.

use super::compile::Compiler;
use super::condition::Condition;
use super::evaluate::Index;
use super::limit_place::LimitPlace;
use crate::error::Error;
use fhir::json::{Document, Node};
use fhir::reference::Reference;
use fhir::schema::{TypeId, r4};
use fhir::search::{Way, part_of};
use roaring::RoaringTreemap;
use std::collections::BTreeMap;

/// Resources in the hierarchy of one, at most.
const PARTS_LIMIT: u64 = 100_000;

impl Compiler<'_> {
    /// Resources of a type that entries of the lists lead to. Entries marked as deleted are none.
    pub(super) fn listed(&self, of: TypeId, lists: &[String]) -> Result<Condition, Error> {
        let name = r4().name(of);
        let mut rows = Vec::new();
        for id in lists {
            let text =
                self.by_id("List", id)?.ok_or_else(|| Error::Search(format!("_list={id}: there is no List/{id}")))?;
            let document = Document::parse(text.as_bytes())
                .map_err(|error| Error::Damaged(format!("the current version of List/{id}: {error}")))?;
            for entry in document.root().get("entry").into_iter().flat_map(Node::each) {
                if entry.get("deleted").and_then(Node::as_bool) == Some(true) {
                    continue;
                }
                let Some(text) = entry.path(&["item", "reference"]).and_then(Node::as_str) else { continue };
                if let Reference::Local { resource_type, id, .. } = Reference::parse(&text)
                    && resource_type == name
                {
                    rows.extend(self.row(of, id)?);
                }
            }
        }
        Ok(Condition::rows(rows))
    }

    /// The resources named, and their parts or what they are part of, over any number of steps.
    pub(super) fn hierarchy(&self, any_of: &[(Vec<TypeId>, String)], way: Way) -> Result<RoaringTreemap, Error> {
        let mut starts: BTreeMap<TypeId, RoaringTreemap> = BTreeMap::new();
        for (types, id) in any_of {
            for &of in types {
                starts.entry(of).or_default().extend(self.row(of, id)?.map(|row| row.0 as u64));
            }
        }
        let mut all = RoaringTreemap::new();
        for (of, rows) in starts {
            if let Some(parameter) = part_of::parameter(of) {
                all |= self.reached(of, rows, parameter.number, way)?;
            }
        }
        Ok(all)
    }

    fn reached(&self, of: TypeId, starts: RoaringTreemap, param: u16, way: Way) -> Result<RoaringTreemap, Error> {
        let index = Index::new(self.connection, self.shared, of);
        let mut edge = starts.clone();
        let mut found = starts;
        while !edge.is_empty() {
            let next = match way {
                Way::Below => self.rows(LimitPlace::Related, of, Condition::References { param, targets: edge })?,
                Way::Above => {
                    // What a resource that is not seen is part of is not told.
                    let seen = self.rows(LimitPlace::Related, of, Condition::Rows(edge))?;
                    index.of_type(&index.targets(&seen, param)?)?
                }
            };
            edge = next - &found;
            found |= &edge;
            if found.len() > PARTS_LIMIT {
                let name = r4().name(of);
                return Err(Error::Search(format!(
                    "more than {PARTS_LIMIT} {name} resources are below or above: name one lower or higher"
                )));
            }
        }
        Ok(found)
    }
}
