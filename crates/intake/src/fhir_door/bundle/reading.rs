//! Reads in a bundle. They are answered after the commit; one that fails must fail a transaction before it.

use super::planning::Planning;
use super::{BundleAnswers, Kind, entry_place};
use crate::fhir_door::entry::{Asked, Entry, ReadRequest};
use crate::fhir_door::{EntryAnswer, Reads, Refusal};
use access::Permission;
use fhir::json::{Document, Node};
use fhir::schema::{TypeId, r4};
use records::{Error, Issue};

/// A read of one resource: what it names, relative to the FHIR base.
struct OfInstance<'u> {
    resource_type: TypeId,
    id: &'u str,
    /// What follows: a version's number.
    version: Option<&'u str>,
    /// A history or an operation, not the resource itself.
    is_more: bool,
}

/// What `url` reads, if that is one resource or something of it.
fn of_instance(url: &str) -> Option<OfInstance<'_>> {
    let path = url.split_once('?').map_or(url, |(path, _)| path);
    let absolute = path.split_once("://").map(|(_, rest)| rest);
    let segments: Vec<&str> = absolute.unwrap_or(path).split('/').filter(|segment| !segment.is_empty()).collect();
    // An absolute URL begins with a host and a base of any length.
    let start = match absolute {
        None => 0,
        Some(_) => segments.iter().position(|segment| r4().resource_type(segment).is_some())?,
    };
    let resource_type = r4().resource_type(segments.get(start)?)?;
    let id = segments.get(start + 1).filter(|id| !id.starts_with(['_', '$']))?;
    let rest = &segments[start + 2..];
    let version = if let ["_history", version] = rest { Some(*version) } else { None };
    Some(OfInstance { resource_type, id, version, is_more: !rest.is_empty() && version.is_none() })
}

impl Planning<'_, '_> {
    /// Refuses a transaction's read of what will not be there after it.
    pub(super) fn check_read(&self, request: &ReadRequest) -> Result<(), Error> {
        if self.kind != Kind::Transaction {
            return Ok(());
        }
        let Some(OfInstance { resource_type, id, version, is_more }) = of_instance(&request.url) else { return Ok(()) };
        self.may(Permission::Read, resource_type)?;
        let name = r4().name(resource_type);
        let then = self.version_then(resource_type, id)?;
        let stored = self.lookup.current(name, id)?.map_or(0, |current| current.version);
        let not_found = |id: String| Error::NotFound { resource_type: name.into(), id };
        if then == 0 && stored == 0 {
            return Err(not_found(id.to_owned()));
        }
        match version {
            None if then == 0 && !is_more => {
                Err(Error::Gone { resource_type: name.into(), id: id.to_owned(), version: stored })
            }
            Some(version) if version.parse::<i64>().is_ok_and(|version| version > then.max(stored)) => {
                Err(not_found(format!("{id}/_history/{version}")))
            }
            _ => Ok(()),
        }
    }
}

impl BundleAnswers {
    /// Tries the reads of a transaction before it is written: one that cannot be answered fails it. What the transaction itself
    /// writes is not there yet; reads of single resources are judged by the plan.
    ///
    /// # Errors
    /// How the transaction is refused.
    pub fn check(&self, reads: &dyn Reads) -> Result<(), Refusal> {
        if self.kind != Kind::Transaction {
            return Ok(());
        }
        let Ok(document) = Document::parse(&self.job.content) else { return Ok(()) };
        let nodes = document.root().get("entry").into_iter().flat_map(Node::items);
        for (no, node) in nodes.enumerate() {
            let Ok(Asked::Read(ReadRequest { head, url, .. })) = Entry::read(node, self.kind.requests()).asked else {
                continue;
            };
            let answer = reads.read(head, &url, None, None);
            let may_come = match of_instance(&url) {
                None => false,
                Some(OfInstance { version: Some(_), .. }) => answer.status == 404,
                Some(_) => matches!(answer.status, 404 | 410),
            };
            if answer.status >= 400 && !may_come {
                return Err(refused(no, &answer));
            }
        }
        Ok(())
    }
}

/// The refusal of a whole transaction for one read.
fn refused(no: usize, answer: &EntryAnswer) -> Refusal {
    let outcome = answer.outcome.as_deref().unwrap_or_default();
    let document = Document::parse(outcome.as_bytes());
    let issues = document.iter().flat_map(|outcome| outcome.root().get("issue").into_iter().flat_map(Node::items));
    let mut issues: Vec<Issue> = issues
        .map(|issue| {
            let text = |name: &str| issue.get(name).and_then(Node::as_str).unwrap_or_default().into_owned();
            Issue { code: text("code"), place: entry_place(no), message: text("diagnostics"), offset: 0 }
        })
        .collect();
    if issues.is_empty() {
        let message = format!("the read is answered with {}", answer.status);
        issues.push(Issue { code: "processing".into(), place: entry_place(no), message, offset: 0 });
    }
    Refusal { status: answer.status, issues }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_of_one_resource_are_told_from_searches() {
        for url in ["Patient/1", "/Patient/1?_elements=id", "http://h/fhir/Patient/1", "Patient/1/_history/2"] {
            assert!(of_instance(url).is_some_and(|read| read.id == "1" && !read.is_more), "{url}");
        }
        for url in ["Patient/1/$everything", "Patient/1/_history"] {
            assert!(of_instance(url).is_some_and(|read| read.is_more), "{url}");
        }
        for url in
            ["Patient", "Patient?_id=1", "_history", "Patient/_history", "Patient/$match", "Nothing/1", "", "http://h/"]
        {
            assert!(of_instance(url).is_none(), "{url}");
        }
    }
}
