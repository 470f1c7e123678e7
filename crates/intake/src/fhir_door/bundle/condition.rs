//! Conditional references, answered by what is stored and by what the transaction itself writes.

use super::Kind;
use super::planning::{Act, Planning};
use fhir::json::Node;
use fhir::schema::{TypeId, r4};
use records::{Error, Found};
use std::collections::{HashMap, HashSet};

/// Which system an identifier search asks for.
enum Asks {
    Any,
    None,
    System(String),
}

/// System and value of a search that asks for one identifier and nothing else.
fn identifier_of(query: &str) -> Option<(Asks, String)> {
    let value = query.strip_prefix("identifier=")?;
    if value.contains(['&', ',', '\\']) {
        return None;
    }
    let value = percent_decoded(value)?;
    Some(match value.split_once('|') {
        None => (Asks::Any, value),
        Some(("", code)) => (Asks::None, code.to_owned()),
        Some((system, code)) => (Asks::System(system.to_owned()), code.to_owned()),
    })
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'%' => {
                let mut digit = || (bytes.next()? as char).to_digit(16);
                (digit()? << 4 | digit()?) as u8
            }
            b'+' => b' ',
            other => other,
        });
    }
    String::from_utf8(out).ok()
}

/// A resource of the bundle that has an identifier of some value.
pub(super) struct Identified {
    system: Option<String>,
    id: String,
}

/// The resources of the bundle by type and value of their identifiers.
pub(super) type ByIdentifier = HashMap<(TypeId, String), Vec<Identified>>;

impl Planning<'_, '_> {
    /// The id of the one resource that a conditional reference means: stored already, or written by this transaction.
    pub(super) fn condition(&mut self, resource_type: TypeId, query: &str) -> Result<String, Error> {
        let key = (resource_type, query.to_owned());
        if let Some(id) = self.conditions.get(&key) {
            return Ok(id.clone());
        }
        let name = r4().name(resource_type);
        let several = || Error::MultipleMatches { resource_type: name.into(), query: query.into() };
        let mut ids: HashSet<String> = HashSet::new();
        match self.lookup.find(name, query)? {
            Found::None => {}
            Found::One(id) => {
                if !self.written.get(&(resource_type, id.clone())).is_some_and(|w| w.deleted) {
                    ids.insert(id);
                }
            }
            Found::Many => return Err(several()),
        }
        if self.kind == Kind::Transaction {
            ids.extend(self.creating.get(&key).map(|(_, id)| id.clone()));
            if let Some((system, value)) = identifier_of(query)
                && let Some(identified) = self.identifiers.as_ref().and_then(|all| all.get(&(resource_type, value)))
            {
                let matches = |known: &&Identified| match &system {
                    Asks::Any => true,
                    Asks::None => known.system.is_none(),
                    Asks::System(system) => known.system.as_ref() == Some(system),
                };
                ids.extend(identified.iter().filter(matches).map(|known| known.id.clone()));
            }
        }
        let mut ids = ids.into_iter();
        match (ids.next(), ids.next()) {
            (None, _) => Err(Error::NoMatch { resource_type: name.into(), query: query.into() }),
            (Some(id), None) => {
                self.conditions.insert(key, id.clone());
                Ok(id)
            }
            _ => Err(several()),
        }
    }

    /// Conditional references may mean what the transaction itself writes (R4, 3.1.0.11.2: they are resolved last).
    pub(super) fn index_identifiers(&mut self, acts: &[(usize, Act)]) {
        if self.kind != Kind::Transaction {
            return;
        }
        let mut all = ByIdentifier::new();
        for (no, act) in acts {
            let (Act::Put { resource_type, id, .. }, Some(resource)) = (act, self.entries[*no].resource) else {
                continue;
            };
            for identifier in resource.get("identifier").into_iter().flat_map(Node::each) {
                let text = |name: &str| identifier.get(name).and_then(Node::as_str).map(std::borrow::Cow::into_owned);
                if let Some(value) = text("value") {
                    let identified = Identified { system: text("system"), id: id.clone() };
                    all.entry((*resource_type, value)).or_default().push(identified);
                }
            }
        }
        self.identifiers = Some(all);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_search_for_one_identifier_is_read_as_one() {
        assert!(
            matches!(identifier_of("identifier=http://a%7C1"), Some((Asks::System(s), v)) if s == "http://a" && v == "1")
        );
        assert!(matches!(identifier_of("identifier=|1"), Some((Asks::None, v)) if v == "1"));
        assert!(matches!(identifier_of("identifier=1"), Some((Asks::Any, _))));
        for other in ["identifier=1,2", "identifier=a|1&active=true", "name=x", "identifier:of-type=a"] {
            assert!(identifier_of(other).is_none(), "{other}");
        }
    }
}
