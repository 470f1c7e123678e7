//! Writing bundles: entries are the stored text put in a row, never parsed again.

use crate::refusal::{Issue, outcome};
use crate::time::instant;
use fhir::json::escape_into;
use fhir::schema::r4;
use records::{Change, Naming, Stored};
use std::fmt::Write;

/// What says how sure a match of `Patient/$match` is.
const MATCH_GRADE: &str = "http://hl7.org/fhir/StructureDefinition/match-grade";

/// A bundle on its way out.
pub(crate) struct BundleWriter {
    out: String,
    entries: usize,
    base: String,
}

/// Why an entry is in a search's answer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Match,
    Include,
}

impl BundleWriter {
    /// Begins a bundle of a type (`searchset`, `history`) for a server at `base`, made at `now_us`.
    pub(crate) fn new(kind: &str, base: &str, total: Option<u64>, now_us: i64, room: usize) -> Self {
        let mut out = String::with_capacity(room + 1_024);
        out.push_str("{\"resourceType\":\"Bundle\",\"type\":\"");
        out.push_str(kind);
        out.push_str("\",\"timestamp\":\"");
        out.push_str(&instant(now_us));
        out.push('"');
        if let Some(total) = total {
            // Writing to a String cannot fail.
            let _ = write!(out, ",\"total\":{total}");
        }
        BundleWriter { out, entries: 0, base: base.to_owned() }
    }

    /// Links, in order.
    pub(crate) fn links(&mut self, links: &[(&str, String)]) {
        self.out.push_str(",\"link\":[");
        for (at, (relation, url)) in links.iter().enumerate() {
            if at > 0 {
                self.out.push(',');
            }
            let _ = write!(self.out, "{{\"relation\":\"{relation}\",\"url\":");
            escape_into(&mut self.out, url);
            self.out.push('}');
        }
        self.out.push(']');
    }

    fn begin_entry(&mut self) {
        self.out.push_str(if self.entries == 0 { ",\"entry\":[" } else { "," });
        self.entries += 1;
    }

    /// A match, or what was included with it.
    pub(crate) fn found(&mut self, stored: &Stored, json: &str, mode: Mode) {
        self.begin_entry();
        let name = r4().info(stored.resource_type).name;
        let mode = if mode == Mode::Match { "match" } else { "include" };
        let _ = write!(
            self.out,
            "{{\"fullUrl\":\"{}/{name}/{}\",\"resource\":{json},\"search\":{{\"mode\":\"{mode}\"}}}}",
            self.base, stored.id
        );
    }

    /// A patient who may be the one that is described, with the score and grade of the match.
    pub(crate) fn scored(&mut self, stored: &Stored, score: f64, grade: &str) {
        self.begin_entry();
        let name = r4().info(stored.resource_type).name;
        let _ = write!(
            self.out,
            "{{\"fullUrl\":\"{}/{name}/{}\",\"resource\":{},\"search\":{{\"extension\":[{{\"url\":\"{MATCH_GRADE}\",\"valueCode\":\"{grade}\"}}],\"mode\":\"match\",\"score\":{score:.6}}}}}",
            self.base, stored.id, stored.json
        );
    }

    /// What the answer says about itself.
    pub(crate) fn remarks(&mut self, issues: &[Issue]) {
        if !issues.is_empty() {
            self.begin_entry();
            let _ = write!(self.out, "{{\"resource\":{},\"search\":{{\"mode\":\"outcome\"}}}}", outcome(issues));
        }
    }

    /// A version in a history.
    pub(crate) fn version(&mut self, stored: &Stored) {
        self.begin_entry();
        let name = r4().info(stored.resource_type).name;
        let (base, id) = (&self.base, &stored.id);
        let _ = write!(self.out, "{{\"fullUrl\":\"{base}/{name}/{id}\"");
        let own = || format!("{name}/{id}");
        let (method, url, status) = match (stored.change, stored.naming) {
            (Change::Deleted, _) => ("DELETE", own(), "204"),
            (Change::Created, Naming::Here) => ("POST", name.to_owned(), "201"),
            (Change::Created, Naming::Sender) => ("PUT", own(), "201"),
            (Change::Updated | Change::Unchanged, _) => ("PUT", own(), "200"),
        };
        if stored.change != Change::Deleted {
            let _ = write!(self.out, ",\"resource\":{}", stored.json);
        }
        let _ = write!(
            self.out,
            ",\"request\":{{\"method\":\"{method}\",\"url\":\"{url}\"}},\"response\":{{\"status\":\"{status}\",\"etag\":\"W/\\\"{}\\\"\",\"lastModified\":\"{}\"}}}}",
            stored.version,
            instant(stored.updated_us)
        );
    }

    /// The bundle's text.
    pub(crate) fn finish(mut self) -> String {
        if self.entries > 0 {
            self.out.push(']');
        }
        self.out.push('}');
        self.out
    }
}

/// A URL of this server: pairs encoded so that reading them back gives the same.
pub(crate) fn url<'p>(base: &str, path: &str, pairs: impl IntoIterator<Item = (&'p str, &'p str)>) -> String {
    use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
    const QUERY: &AsciiSet = &CONTROLS
        .add(b' ')
        .add(b'"')
        .add(b'#')
        .add(b'<')
        .add(b'>')
        .add(b'&')
        .add(b'+')
        .add(b'%')
        .add(b'=')
        .add(b'\\')
        .add(b'^')
        .add(b'`')
        .add(b'{')
        .add(b'|')
        .add(b'}');
    let mut out = format!("{base}/{path}");
    for (at, (name, value)) in pairs.into_iter().enumerate() {
        out.push(if at == 0 { '?' } else { '&' });
        let _ = write!(out, "{}={}", utf8_percent_encode(name, QUERY), utf8_percent_encode(value, QUERY));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_give_back_what_went_in() {
        let pairs = [("code", "http://loinc.org|1-8,a b+c"), ("name:exact", "Ä&=%")];
        let url = url("http://h/fhir", "Observation", pairs);
        let (path, query) = url.split_once('?').unwrap();
        assert_eq!(path, "http://h/fhir/Observation");
        let read: Vec<_> = crate::call::pairs(query).collect();
        assert_eq!(read, pairs.map(|(a, b)| (a.to_owned(), b.to_owned())));
    }
}
