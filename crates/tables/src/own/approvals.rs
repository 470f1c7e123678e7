//! Codes and units that people approved, by source; and what the last run did not know.
//!
//! An approval is never changed: it is revoked, and then another may follow, so that who decided what, and when, stays to be seen.

use super::{OwnMappings, may_save};
use crate::codes::{Equivalence, approved_file};
use crate::error::Error;
use crate::pull::may_see;
use crate::run::MappingFiles;
use crate::value::{Counted, UnmappedKind};
use access::{Grant, PrincipalKind};
use rusqlite::{Row, params};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Codes of one value, at most.
const CODES: usize = 20;
/// Bytes of a text of an approval.
const TEXT_BYTES: usize = 2_000;
/// Values without a code that are kept of a run.
const KEPT: usize = 10_000;

/// A system's address stands for units.
pub const UCUM: &str = "http://unitsofmeasure.org";

/// A code that a person approved for a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// Its number.
    pub no: i64,
    /// The source.
    pub source: String,
    /// Whether it is of a code map or a unit map.
    pub kind: UnmappedKind,
    /// The map.
    pub map: String,
    /// The value.
    pub value: String,
    /// The code's system; [`UCUM`] for units.
    pub system: String,
    /// The code; empty for a value that is known to have none.
    pub code: String,
    /// What the code is called.
    pub display: Option<String>,
    /// How near it is.
    pub equivalence: Equivalence,
    /// Who approved it.
    pub by: String,
    /// When, µs UTC.
    pub at_us: i64,
    /// Who took it back, and when.
    pub revoked: Option<(String, i64)>,
}

/// A code to be approved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCode {
    /// Its system.
    pub system: String,
    /// The code.
    pub code: String,
    /// What it is called.
    pub display: Option<String>,
    /// How near it is.
    pub equivalence: Equivalence,
}

/// What the last run of a source did not know.
#[derive(Clone, Debug, PartialEq)]
pub struct LastUnmapped {
    /// When it ran, µs UTC.
    pub at_us: i64,
    /// Whether it wrote.
    pub written: bool,
    /// Values by frequency.
    pub values: Vec<Counted>,
}

pub(super) const TABLES: &str = "
CREATE TABLE approval (
    no INTEGER PRIMARY KEY AUTOINCREMENT, source TEXT NOT NULL, kind TEXT NOT NULL, map TEXT NOT NULL, value TEXT NOT NULL,
    system TEXT NOT NULL, code TEXT NOT NULL, display TEXT, equivalence TEXT NOT NULL, by TEXT NOT NULL, at_us INTEGER NOT NULL,
    revoked_by TEXT, revoked_us INTEGER
) STRICT;
CREATE INDEX approval_of ON approval (source, kind, map, value);
CREATE TABLE last_run (source TEXT PRIMARY KEY, at_us INTEGER NOT NULL, written INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE unmapped (
    source TEXT NOT NULL, kind TEXT NOT NULL, map TEXT NOT NULL, value TEXT NOT NULL, display TEXT, times INTEGER NOT NULL,
    PRIMARY KEY (source, kind, map, value)
) STRICT, WITHOUT ROWID;
";

const LOINC: &str = "http://loinc.org";

/// Whether a text is formed as a LOINC: digits and their check digit (Luhn's, <https://loinc.org/kb/users-guide/major-parts-of-a-loinc-term/>), or
/// a part, an answer or a list of them (`LP…`, `LA…`, `LL…`).
fn is_loinc(code: &str) -> bool {
    let bare = ["LP", "LA", "LL", "LG", "MTHU"].iter().find_map(|kind| code.strip_prefix(kind)).unwrap_or(code);
    let Some((digits, check)) = bare.split_once('-') else { return false };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(digits) || !is_number(check) || check.len() != 1 {
        return false;
    }
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, byte)| {
            let digit = u32::from(byte - b'0');
            if place % 2 == 1 { digit } else { digit * 2 / 10 + digit * 2 % 10 }
        })
        .sum();
    bare.len() < code.len() || check == (sum.next_multiple_of(10) - sum).to_string()
}

fn word(kind: UnmappedKind) -> &'static str {
    match kind {
        UnmappedKind::Code => "code",
        UnmappedKind::Unit => "unit",
    }
}

fn kind(word: &str) -> UnmappedKind {
    if word == "unit" { UnmappedKind::Unit } else { UnmappedKind::Code }
}

impl OwnMappings {
    /// Approves the codes of a value, in place of those that were approved before. Only a person can: a program proposes.
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::Name`] for what is no code.
    pub fn approve(
        &self,
        grant: &Grant,
        source: &str,
        (of, map): (UnmappedKind, &str),
        value: &str,
        codes: &[NewCode],
        now_us: i64,
    ) -> Result<Vec<Approval>, Error> {
        may_approve(grant)?;
        // As maps read them.
        let value = value.trim();
        let bare = |text: &str| text.trim().to_owned();
        let codes: Vec<NewCode> = codes
            .iter()
            .map(|code| NewCode {
                system: bare(&code.system),
                code: bare(&code.code),
                display: code.display.as_deref().map(bare),
                equivalence: code.equivalence,
            })
            .collect();
        let texts =
            codes.iter().flat_map(|code| [Some(&code.system), Some(&code.code), code.display.as_ref()]).flatten();
        if value.trim().is_empty()
            || codes.is_empty()
            || codes.len() > CODES
            || value.len() > TEXT_BYTES
            || texts.clone().any(|text| text.len() > TEXT_BYTES)
        {
            return Err(Error::Name(format!(
                "name a value and one to {CODES} codes, each of at most {TEXT_BYTES} bytes"
            )));
        }
        check(of, map, value, &codes)?;
        let mut db = self.db();
        let approving = db.transaction()?;
        let by = grant.principal().to_string();
        approving.execute(
            "UPDATE approval SET revoked_by = ?5, revoked_us = ?6
             WHERE source = ?1 AND kind = ?2 AND map = ?3 AND value = ?4 AND revoked_us IS NULL",
            params![source, word(of), map, value, by, now_us],
        )?;
        for code in &codes {
            approving.execute(
                "INSERT INTO approval (source, kind, map, value, system, code, display, equivalence, by, at_us)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                params![
                    source,
                    word(of),
                    map,
                    value,
                    code.system,
                    code.code,
                    code.display,
                    code.equivalence.code(),
                    by,
                    now_us
                ],
            )?;
        }
        approving.commit()?;
        drop(db);
        let all = self.approvals(grant, source)?;
        Ok(all
            .into_iter()
            .filter(|one| one.kind == of && one.map == map && one.value == value && one.revoked.is_none())
            .collect())
    }

    /// Takes back what was approved for a value; how many codes that were.
    ///
    /// # Errors
    /// [`Error::Denied`]; [`Error::Unknown`] if nothing was approved for it.
    pub fn revoke(
        &self,
        grant: &Grant,
        source: &str,
        (of, map): (UnmappedKind, &str),
        value: &str,
        now_us: i64,
    ) -> Result<usize, Error> {
        may_approve(grant)?;
        let revoked = self.db().execute(
            "UPDATE approval SET revoked_by = ?5, revoked_us = ?6
             WHERE source = ?1 AND kind = ?2 AND map = ?3 AND value = ?4 AND revoked_us IS NULL",
            params![source, word(of), map, value, grant.principal().to_string(), now_us],
        )?;
        match revoked {
            0 => Err(Error::Unknown { what: "approved code for", name: value.to_owned(), hint: None }),
            many => Ok(many),
        }
    }

    /// All approvals of a source, also those that were taken back; the newest first.
    ///
    /// # Errors
    /// [`Error::Denied`].
    pub fn approvals(&self, grant: &Grant, source: &str) -> Result<Vec<Approval>, Error> {
        may_see(grant)?;
        let db = self.db();
        let mut query = db.prepare(
            "SELECT no, source, kind, map, value, system, code, display, equivalence, by, at_us, revoked_by, revoked_us
             FROM approval WHERE source = ?1 ORDER BY no DESC",
        )?;
        Ok(query.query_map([source], approval_of)?.collect::<Result<_, _>>()?)
    }

    /// The files that lay what was approved for a source over its mapping's maps: those of `files`.
    ///
    /// # Errors
    /// [`Error::Denied`].
    pub fn approved_files(&self, grant: &Grant, source: &str, files: &MappingFiles) -> Result<MappingFiles, Error> {
        let mut texts: BTreeMap<String, String> = BTreeMap::new();
        let mut approvals = self.approvals(grant, source)?;
        approvals.retain(|one| one.revoked.is_none());
        approvals.sort_by(|a, b| (a.kind as u8, &a.map, &a.value, a.no).cmp(&(b.kind as u8, &b.map, &b.value, b.no)));
        for one in &approvals {
            let (folder, head) = match one.kind {
                UnmappedKind::Code => ("codes", "source,system,code,display,equivalence,approved_by,approved_at\n"),
                UnmappedKind::Unit => ("units", "source,ucum,display,approved_by,approved_at\n"),
            };
            // A map that the mapping has no more is not laid over.
            let is_there = files.iter().any(|(path, _)| {
                path.strip_prefix(folder)
                    .and_then(|rest| rest.strip_prefix('/'))
                    .and_then(|name| name.rsplit_once('.'))
                    .is_some_and(|(stem, _)| stem == one.map)
            });
            let file = approved_file(folder, &one.map);
            if !is_there {
                continue;
            }
            let text = texts.entry(file).or_insert_with(|| head.to_owned());
            let at = jiff::Timestamp::from_microsecond(one.at_us).map(|at| at.to_string()).unwrap_or_default();
            let system = if one.code.is_empty() { "" } else { &one.system };
            let cells: Vec<&str> = match one.kind {
                UnmappedKind::Code => vec![
                    &one.value,
                    system,
                    &one.code,
                    one.display.as_deref().unwrap_or_default(),
                    one.equivalence.code(),
                    &one.by,
                    &at,
                ],
                UnmappedKind::Unit => {
                    vec![&one.value, &one.code, one.display.as_deref().unwrap_or_default(), &one.by, &at]
                }
            };
            let cells: Vec<String> = cells.into_iter().map(csv).collect();
            let _ = writeln!(text, "{}", cells.join(","));
        }
        Ok(texts.into_iter().collect())
    }

    /// Keeps what a run did not know, in place of what was kept before.
    ///
    /// # Errors
    /// [`Error::Denied`].
    pub fn note_unmapped(
        &self,
        grant: &Grant,
        source: &str,
        unmapped: &[Counted],
        written: bool,
        now_us: i64,
    ) -> Result<(), Error> {
        may_see(grant)?;
        let mut db = self.db();
        let noting = db.transaction()?;
        noting.execute("DELETE FROM unmapped WHERE source = ?1", [source])?;
        for counted in unmapped.iter().take(KEPT) {
            noting.execute(
                "INSERT OR REPLACE INTO unmapped (source, kind, map, value, display, times) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![source, word(counted.kind), counted.map, counted.text, counted.display, counted.times as i64],
            )?;
        }
        noting.execute(
            "INSERT OR REPLACE INTO last_run (source, at_us, written) VALUES (?1, ?2, ?3)",
            params![source, now_us, written],
        )?;
        noting.commit()?;
        Ok(())
    }

    /// What the last run of a source did not know; none if it never ran.
    ///
    /// # Errors
    /// [`Error::Denied`].
    pub fn last_unmapped(&self, grant: &Grant, source: &str) -> Result<Option<LastUnmapped>, Error> {
        use rusqlite::OptionalExtension;
        may_see(grant)?;
        let db = self.db();
        let last = db.query_row("SELECT at_us, written FROM last_run WHERE source = ?1", [source], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, bool>(1)?))
        });
        let Some((at_us, written)) = last.optional()? else { return Ok(None) };
        let mut query = db.prepare(
            "SELECT kind, map, value, display, times FROM unmapped WHERE source = ?1 ORDER BY times DESC, kind, map, value",
        )?;
        let values = query.query_map([source], |row| {
            Ok(Counted {
                kind: kind(&row.get::<_, String>(0)?),
                map: row.get(1)?,
                text: row.get(2)?,
                display: row.get(3)?,
                times: row.get::<_, i64>(4)? as u64,
            })
        })?;
        Ok(Some(LastUnmapped { at_us, written, values: values.collect::<Result<_, _>>()? }))
    }

    /// Forgets what belongs to a source that is removed.
    ///
    /// # Errors
    /// [`Error::Denied`].
    pub fn forget_source(&self, grant: &Grant, source: &str) -> Result<(), Error> {
        grant.may_administer()?;
        let mut db = self.db();
        let forgetting = db.transaction()?;
        for table in ["approval", "last_run", "unmapped"] {
            forgetting.execute(&format!("DELETE FROM {table} WHERE source = ?1"), [source])?;
        }
        Ok(forgetting.commit()?)
    }
}

/// What was approved is a person's word.
fn may_approve(grant: &Grant) -> Result<(), Error> {
    may_save(grant)?;
    match grant.principal().kind {
        PrincipalKind::Person | PrincipalKind::Operator => Ok(()),
        _ => Err(Error::Name(format!(
            "codes are approved by a person who is signed in, or by the operator at the command line; {} is neither",
            grant.principal()
        ))),
    }
}

/// Whether the lines would be taken by a map.
fn check(of: UnmappedKind, map: &str, value: &str, codes: &[NewCode]) -> Result<(), Error> {
    let no_loinc = codes.iter().find(|code| code.system == LOINC && !code.code.is_empty() && !is_loinc(&code.code));
    if let Some(NewCode { code, .. }) = no_loinc {
        return Err(Error::Name(format!(
            "`{code}` is no LOINC: digits, a hyphen and the check digit that belongs to them, as in 2823-3"
        )));
    }
    let lines: Vec<String> = codes
        .iter()
        .map(|code| {
            let cells = match of {
                UnmappedKind::Code => vec![value, if code.code.is_empty() { "" } else { &code.system }, &code.code],
                UnmappedKind::Unit => vec![value, &code.code],
            };
            cells.into_iter().map(csv).collect::<Vec<_>>().join(",")
        })
        .collect();
    let (head, wrong) = match of {
        UnmappedKind::Code => {
            let text = format!("source,system,code\n{}\n", lines.join("\n"));
            ("code", crate::codes::CodeMaps::default().add_csv(map, "approved", &text))
        }
        UnmappedKind::Unit => {
            let text = format!("source,ucum\n{}\n", lines.join("\n"));
            ("unit", crate::codes::UnitMaps::default().add_csv(map, "approved", &text))
        }
    };
    wrong.map_err(|errors| {
        Error::Name(format!(
            "no {head}: {}",
            errors.iter().map(|error| error.message.as_str()).collect::<Vec<_>>().join("; ")
        ))
    })
}

fn approval_of(row: &Row<'_>) -> rusqlite::Result<Approval> {
    let revoked_by: Option<String> = row.get(11)?;
    let revoked_us: Option<i64> = row.get(12)?;
    Ok(Approval {
        no: row.get(0)?,
        source: row.get(1)?,
        kind: kind(&row.get::<_, String>(2)?),
        map: row.get(3)?,
        value: row.get(4)?,
        system: row.get(5)?,
        code: row.get(6)?,
        display: row.get(7)?,
        equivalence: Equivalence::named(&row.get::<_, String>(8)?).unwrap_or_default(),
        by: row.get(9)?,
        at_us: row.get(10)?,
        revoked: revoked_by.zip(revoked_us),
    })
}

fn csv(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) || cell.trim() != cell {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loincs_are_told_by_their_check_digit() {
        for right in ["2823-3", "8480-6", "2951-2", "718-7", "85354-9", "LP7797-6", "LA6576-8"] {
            assert!(is_loinc(right), "{right}");
        }
        for wrong in ["abc def", "2823-4", "2823", "-3", "2823-33", "K-1"] {
            assert!(!is_loinc(wrong), "{wrong}");
        }
    }
    use access::Principal;

    fn grant(kind: PrincipalKind, scopes: &str) -> Grant {
        Grant::for_test(Principal::new(kind, 1, "ada"), scopes)
    }

    fn code(system: &str, code: &str) -> NewCode {
        NewCode { system: system.into(), code: code.into(), display: None, equivalence: Equivalence::Wider }
    }

    #[test]
    fn what_a_person_approves_lies_over_the_maps_until_it_is_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let own = OwnMappings::open(&folder.path().join("own.db")).unwrap();
        let ada = grant(PrincipalKind::Person, "user/*.cruds");
        let lab = (UnmappedKind::Code, "lab");
        let files: MappingFiles = vec![(
            "codes/lab.csv".into(),
            "source,system,code\nNa,http://loinc.org,1-1\nK,http://loinc.org,2823-3\n".into(),
        )];
        assert!(own.approved_files(&ada, "clinic", &files).unwrap().is_empty());
        own.approve(&ada, "clinic", lab, "Na", &[code("http://loinc.org", "2951-2"), code("urn:x:y", "N")], 10)
            .unwrap();
        own.approve(&ada, "clinic", (UnmappedKind::Unit, "lab"), "mg%", &[code(UCUM, "mg/dL")], 11).unwrap();
        own.approve(&ada, "other", lab, "Na", &[code("http://loinc.org", "9-1")], 12).unwrap();
        let laid = own.approved_files(&ada, "clinic", &files).unwrap();
        expect_test::expect![[r#"
            codes/lab.approved-here.csv
            source,system,code,display,equivalence,approved_by,approved_at
            Na,http://loinc.org,2951-2,,wider,person/1 (ada),1970-01-01T00:00:00.00001Z
            Na,urn:x:y,N,,wider,person/1 (ada),1970-01-01T00:00:00.00001Z
        "#]]
        .assert_eq(&laid.iter().map(|(path, text)| format!("{path}\n{text}")).collect::<Vec<_>>().concat());
        // The map with it over.
        let mut maps = crate::codes::CodeMaps::default();
        maps.add_csv("lab", "codes/lab.csv", &files[0].1).unwrap();
        maps.add_approved("lab", &laid[0].0, &laid[0].1).unwrap();
        let map = maps.get("lab").unwrap();
        let targets = |text: &str| {
            map.targets(map.lookup(text).unwrap()).iter().map(|target| target.code.clone()).collect::<Vec<_>>()
        };
        assert_eq!(
            (targets("Na"), targets("K")),
            (vec!["2951-2".to_owned(), "N".to_owned()], vec!["2823-3".to_owned()])
        );
        own.approve(&ada, "clinic", lab, "Na", &[code("http://loinc.org", "2947-0")], 13).unwrap();
        assert_eq!(own.approvals(&ada, "clinic").unwrap().iter().filter(|one| one.revoked.is_none()).count(), 2);
        assert_eq!(own.revoke(&ada, "clinic", lab, "Na", 14).unwrap(), 1);
        assert!(matches!(own.revoke(&ada, "clinic", lab, "Na", 15), Err(Error::Unknown { .. })));
        assert!(own.approved_files(&ada, "clinic", &files).unwrap().is_empty());
        assert_eq!(own.approvals(&ada, "clinic").unwrap().len(), 4, "nothing is forgotten");
    }

    #[test]
    fn only_persons_approve_and_only_what_is_a_code() {
        let folder = tempfile::tempdir().unwrap();
        let own = OwnMappings::open(&folder.path().join("own.db")).unwrap();
        let lab = (UnmappedKind::Code, "lab");
        let loinc = [code("http://loinc.org", "2951-2")];
        let token = grant(PrincipalKind::Token, "system/*.cruds");
        assert!(matches!(own.approve(&token, "clinic", lab, "Na", &loinc, 1), Err(Error::Name(_))));
        let reader = grant(PrincipalKind::Person, "user/*.rs");
        assert!(matches!(own.approve(&reader, "clinic", lab, "Na", &loinc, 1), Err(Error::Denied(_))));
        assert!(matches!(
            own.approvals(&grant(PrincipalKind::Person, "user/Patient.cruds"), "clinic"),
            Err(Error::Denied(_))
        ));
        let ada = grant(PrincipalKind::Person, "user/*.cruds");
        for wrong in [code("loinc", "2951-2"), code("http://loinc.org", "a  b"), code("", "2951-2")] {
            assert!(matches!(own.approve(&ada, "clinic", lab, "Na", &[wrong], 1), Err(Error::Name(_))));
        }
        let unit = (UnmappedKind::Unit, "lab");
        assert!(matches!(own.approve(&ada, "clinic", unit, "mg%", &[code(UCUM, "mgg/dl")], 1), Err(Error::Name(_))));
        assert!(matches!(own.approve(&ada, "clinic", lab, " ", &loinc, 1), Err(Error::Name(_))));
    }

    #[test]
    fn what_the_last_run_did_not_know_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let own = OwnMappings::open(&folder.path().join("own.db")).unwrap();
        let ada = grant(PrincipalKind::Person, "user/*.cruds");
        assert_eq!(own.last_unmapped(&ada, "clinic").unwrap(), None);
        let counted = |text: &str, times| Counted {
            kind: UnmappedKind::Code,
            map: "lab".into(),
            text: text.into(),
            display: None,
            times,
        };
        own.note_unmapped(&ada, "clinic", &[counted("a", 1), counted("b", 7)], false, 5).unwrap();
        let last = own.last_unmapped(&ada, "clinic").unwrap().unwrap();
        assert_eq!(
            (last.at_us, last.values.iter().map(|value| value.text.as_str()).collect::<Vec<_>>()),
            (5, vec!["b", "a"])
        );
        own.note_unmapped(&ada, "clinic", &[], true, 6).unwrap();
        assert!(own.last_unmapped(&ada, "clinic").unwrap().unwrap().values.is_empty());
    }
}
