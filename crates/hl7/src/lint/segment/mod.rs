//! The fields of segments: type, whether one is required and may repeat, and the table of its codes, by version.
//!
//! A field is written `NUMBER TYPE`, then `*` (may repeat), `R` (required), `T0001` (its table). `*2.4` and `R2.4` hold from that
//! version on, `R2.3-2.4` up to another. What is not listed is not checked. Where versions differ, the more lenient is meant.

mod admission;
mod finance;
mod lists;
mod messages;
mod order;
mod result;

use std::collections::HashMap;
use std::sync::OnceLock;

/// Segments of one chapter: the chapter as text, then id and fields.
type Chapter = (&'static str, &'static [(&'static str, &'static str)]);

const CHAPTERS: [&Chapter; 13] = [
    &messages::CHAPTER_2,
    &admission::CHAPTER_3,
    &order::CHAPTER_4,
    &order::CHAPTER_4_PHARMACY,
    &finance::CHAPTER_6,
    &result::CHAPTER_7,
    &lists::CHAPTER_8,
    &result::CHAPTER_9,
    &lists::CHAPTER_10,
    &lists::CHAPTER_11,
    &lists::CHAPTER_12,
    &result::CHAPTER_13,
    &lists::CHAPTER_15,
];

/// Segments of HL7 v2 whose fields are not in our tables.
const OTHERS: &str = "ABS ADD ADJ AFF APR ARQ AUT BHS BLC BLG BPO BPX BTS BTX BUI CDM CDO CER CM0 CM1 CM2 CNS CON CSP CSR CSS CTD CTI CTR \
     DEV DMI DON DPS DRG DSC DSP DST EDU ECD ECR EQL EQP EQU ERQ FAC FHS FTS GP1 GP2 ILT IIM IN3 INV IPC IPR ISD ITM IVC IVT LAN LCC LCH LDP \
     LRL MCP NCK NDS NSC NST ODT OH1 OH2 OH3 OH4 OM1 OM2 OM3 OM4 OM5 OM6 OM7 OM8 OMC ORG OVR PAC PCE PCR PDC PES PEO PKG PM1 PMT PRA PRC PSG PSH PSL \
     PSS PV2 PYE QAK QID QPD QRD QRF QRI RCP RDF RDT RFI RGS RMI RQ1 SCD SCP SDD SGH SGT SHP SID SLT STZ TCC TCD TQ2 UAC UB1 UB2 URD URS VAR VND VTQ";

/// A version of HL7 v2: `(2, 5, 1)`.
pub(super) type Version = (u8, u8, u8);

/// From which version to which something holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Versions {
    from: Version,
    to: Version,
}

impl Versions {
    /// True if it holds in this version; of a message that names none, if it does in all.
    pub(super) fn hold(self, version: Option<Version>) -> bool {
        match version {
            Some(version) => self.from <= version && version <= self.to,
            None => self.from == (0, 0, 0) && self.to == LATEST,
        }
    }

    /// True if it may hold: of a message that names no version, always.
    pub(super) fn may_hold(self, version: Option<Version>) -> bool {
        version.is_none() || self.hold(version)
    }
}

const LATEST: Version = (99, 0, 0);

/// What a field must be.
#[derive(Clone, Debug)]
pub(super) struct FieldRule {
    pub(super) number: u16,
    /// Its type; `*` of OBX-5 is told by OBX-2.
    pub(super) kind: &'static str,
    /// When it must have a value.
    pub(super) required: Option<Versions>,
    /// When it may repeat.
    pub(super) repeats: Option<Versions>,
    /// The table of its codes.
    pub(super) table: Option<u16>,
}

struct SegmentRules {
    chapter: &'static str,
    fields: Vec<FieldRule>,
}

fn all() -> &'static HashMap<[u8; 3], SegmentRules> {
    static ALL: OnceLock<HashMap<[u8; 3], SegmentRules>> = OnceLock::new();
    ALL.get_or_init(|| {
        let mut all = HashMap::new();
        for (chapter, segments) in CHAPTERS {
            for (id, fields) in *segments {
                // A test reads them all, so that none is left out here.
                let fields = fields.split(',').filter_map(read_field).collect();
                if let Ok(id) = <[u8; 3]>::try_from(id.as_bytes()) {
                    all.insert(id, SegmentRules { chapter, fields });
                }
            }
        }
        all
    })
}

/// The fields of a segment that are checked.
pub(super) fn fields(id: [u8; 3]) -> &'static [FieldRule] {
    all().get(&id).map_or(&[], |rules| &rules.fields)
}

/// True if the standard has a segment of this id, in any version.
pub(super) fn is_standard(id: [u8; 3]) -> bool {
    all().contains_key(&id) || OTHERS.split_whitespace().any(|other| other.as_bytes() == id)
}

/// Where the standard describes a segment.
pub(super) fn chapter_of(id: [u8; 3]) -> &'static str {
    all().get(&id).map_or("HL7 v2", |rules| rules.chapter)
}

/// A version as MSH-12 has it.
pub(super) fn read_version(text: &str) -> Option<Version> {
    let mut parts = text.trim().split('.').map(|part| part.parse::<u8>().ok());
    let (major, minor) = (parts.next()??, parts.next()??);
    let patch = match parts.next() {
        None => 0,
        Some(patch) => patch?,
    };
    (parts.next().is_none()).then_some((major, minor, patch))
}

fn read_field(text: &'static str) -> Option<FieldRule> {
    let mut words = text.split_whitespace();
    let number = words.next()?.parse().ok()?;
    let mut rule = FieldRule { number, kind: words.next()?, required: None, repeats: None, table: None };
    for word in words {
        let (what, rest) = word.split_at(1);
        match what {
            "T" => rule.table = Some(rest.parse().ok()?),
            "*" => rule.repeats = Some(read_versions(rest)?),
            "R" => rule.required = Some(read_versions(rest)?),
            _ => return None,
        }
    }
    Some(rule)
}

fn read_versions(text: &str) -> Option<Versions> {
    let (from, to) = match text.split_once('-') {
        None => (text, ""),
        Some(both) => both,
    };
    Some(Versions {
        from: if from.is_empty() { (0, 0, 0) } else { read_version(from)? },
        to: if to.is_empty() { LATEST } else { read_version(to)? },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_of_the_tables_can_be_read() {
        let mut known: Vec<&str> = OTHERS.split_whitespace().collect();
        for (_, segments) in CHAPTERS {
            for (id, fields) in *segments {
                assert!(id.len() == 3, "{id}");
                known.retain(|other| other != id);
                let mut last = 0;
                for text in fields.split(',') {
                    let rule = read_field(text).unwrap_or_else(|| panic!("{id}: {text:?}"));
                    assert!(rule.number > last, "{id}-{} after {last}", rule.number);
                    last = rule.number;
                    assert!(super::super::datatype::is_known(rule.kind), "{id}-{}: {}", rule.number, rule.kind);
                    if let Some(table) = rule.table {
                        assert!(super::super::codes::table(table).is_some(), "{id}-{}: table {table}", rule.number);
                    }
                }
            }
        }
        assert!(known.iter().all(|id| id.len() == 3));
    }

    #[test]
    fn versions_are_compared_by_their_numbers() {
        assert_eq!(read_version("2.5.1"), Some((2, 5, 1)));
        assert_eq!((read_version("2.5^USA"), read_version("x"), read_version("2")), (None, None, None));
        let from = read_versions("2.3-2.5").unwrap();
        assert!(from.hold(Some((2, 4, 0))) && !from.hold(Some((2, 5, 1))));
        assert!(!from.hold(None) && from.may_hold(None));
        assert!(read_versions("").unwrap().hold(None));
    }
}
