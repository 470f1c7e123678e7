//! The bundle that answers a batch or transaction.

use super::entry::ReadRequest;
use fhir::json::escape_into;
use fhir::schema::r4;
use records::{Change, Outcome, Receipt};

/// What answers one entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntryAnswer {
    /// The HTTP status.
    pub status: u16,
    /// `Patient/1/_history/1`.
    pub location: Option<String>,
    /// `W/"1"`.
    pub etag: Option<String>,
    /// The version's instant.
    pub last_modified: Option<String>,
    /// A resource, as JSON.
    pub resource: Option<String>,
    /// An `OperationOutcome`, as JSON.
    pub outcome: Option<String>,
}

/// What the server adds to a response: reads, which happen after the commit, and the resources that were written.
pub trait Reads {
    /// Answers a `GET` or `HEAD` of an entry.
    fn read(&self, head: bool, url: &str, if_none_match: Option<&str>, if_modified_since: Option<&str>) -> EntryAnswer;
    /// The resource that was written, if it is wanted (`Prefer: return=representation`).
    fn representation(&self, outcome: &Outcome) -> Option<String>;
    /// What was done as an `OperationOutcome`, if that is wanted (`Prefer: return=OperationOutcome`).
    fn said(&self, outcome: &Outcome) -> Option<String> {
        let _ = outcome;
        None
    }
}

/// What became of an entry.
#[derive(Clone, Debug)]
pub(crate) enum Fate {
    /// It is this operation of the plan.
    Operation(usize),
    /// There was nothing to delete.
    Absent,
    /// It reads.
    Read(ReadRequest),
    /// It was refused; the others were not.
    Refused { status: u16, outcome: String },
    /// It asks for nothing.
    Skipped,
}

/// Writes the response bundle.
pub(crate) fn write(bundle_type: &str, fates: &[Fate], receipt: &Receipt, reads: &dyn Reads) -> String {
    let mut out = format!("{{\"resourceType\":\"Bundle\",\"type\":\"{bundle_type}\"");
    for (at, fate) in fates.iter().enumerate() {
        out.push_str(if at == 0 { ",\"entry\":[" } else { "," });
        write_entry(&answer(fate, receipt, reads), &mut out);
    }
    out.push_str(if fates.is_empty() { "}" } else { "]}" });
    out
}

fn answer(fate: &Fate, receipt: &Receipt, reads: &dyn Reads) -> EntryAnswer {
    match fate {
        Fate::Operation(at) => {
            receipt.outcomes.get(*at).map_or_else(EntryAnswer::default, |outcome| written(outcome, reads))
        }
        Fate::Absent | Fate::Skipped => EntryAnswer { status: 204, ..EntryAnswer::default() },
        Fate::Read(ReadRequest { head, url, if_none_match, if_modified_since }) => {
            reads.read(*head, url, if_none_match.as_deref(), if_modified_since.as_deref())
        }
        Fate::Refused { status, outcome } => {
            EntryAnswer { status: *status, outcome: Some(outcome.clone()), ..EntryAnswer::default() }
        }
    }
}

fn written(outcome: &Outcome, reads: &dyn Reads) -> EntryAnswer {
    let Outcome { resource_type, id, version, updated_us, change } = outcome;
    let status = match change {
        Change::Created => 201,
        Change::Updated | Change::Unchanged => 200,
        Change::Deleted => 204,
    };
    EntryAnswer {
        status,
        location: (*change != Change::Deleted)
            .then(|| format!("{}/{id}/_history/{version}", r4().name(*resource_type))),
        etag: Some(format!("W/\"{version}\"")),
        last_modified: Some(fhir::time::format_us(*updated_us)),
        resource: if *change == Change::Deleted { None } else { reads.representation(outcome) },
        outcome: reads.said(outcome),
    }
}

fn write_entry(answer: &EntryAnswer, out: &mut String) {
    out.push('{');
    if let Some(resource) = &answer.resource {
        out.push_str("\"resource\":");
        out.push_str(resource);
        out.push(',');
    }
    out.push_str("\"response\":{\"status\":");
    escape_into(out, &status_line(answer.status));
    let texts = [("location", &answer.location), ("etag", &answer.etag), ("lastModified", &answer.last_modified)];
    for (name, text) in texts {
        if let Some(text) = text {
            out.push_str(",\"");
            out.push_str(name);
            out.push_str("\":");
            escape_into(out, text);
        }
    }
    if let Some(outcome) = &answer.outcome {
        out.push_str(",\"outcome\":");
        out.push_str(outcome);
    }
    out.push_str("}}");
}

fn status_line(status: u16) -> String {
    let reason = match status {
        200 => "OK",
        201 => "Created",
        204 => "No Content",
        304 => "Not Modified",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        409 => "Conflict",
        410 => "Gone",
        412 => "Precondition Failed",
        422 => "Unprocessable Entity",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        507 => "Insufficient Storage",
        _ => return status.to_string(),
    };
    format!("{status} {reason}")
}
