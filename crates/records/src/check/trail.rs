//! The trails are whole: every change has its audit row, reads' segments are sound, and both are what was sealed.

use super::Check;
use crate::error::Error;
use crate::read_audit::{Frames, segments};
use crate::seal::{self, Seal};
use rusqlite::OptionalExtension;

const TAMPERED: &str =
    "somebody changed the trail outside medweave: keep a copy of the directory as it is and compare it with a backup";

impl Check<'_> {
    pub(super) fn trails(&mut self) -> Result<(), Error> {
        (self.progress)("the audit");
        self.writes()?;
        self.reads()?;
        self.seals()
    }

    /// Audit rows are 1…n and cover the feed in order.
    fn writes(&mut self) -> Result<(), Error> {
        let (mut count, mut covered, mut broken) = (0, 0, None);
        {
            let mut statement = self.connection.prepare("SELECT no, first_seq, last_seq FROM audit ORDER BY no")?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let no: i64 = row.get(0)?;
                if no != count + 1 {
                    broken = Some((count + 1, "is missing".to_owned()));
                    break;
                }
                count = no;
                let range: (Option<i64>, Option<i64>) = (row.get(1)?, row.get(2)?);
                let (Some(first), Some(last)) = range else { continue };
                if first != covered + 1 || last < first {
                    broken = Some((no, format!("covers changes {first} to {last} where {} is next", covered + 1)));
                    break;
                }
                covered = last;
            }
        }
        self.count("audit rows", count as u64);
        if broken.is_none() && covered != self.out.head.0 {
            broken = Some((count + 1, format!("is missing: changes from {} on have none", covered + 1)));
        }
        if let Some((no, problem)) = broken {
            self.fault(format!("a row of the audit of writes {problem}"), format!("audit, row {no}"), TAMPERED);
        }
        Ok(())
    }

    fn reads(&mut self) -> Result<(), Error> {
        let folder = self.data.join("audit");
        let segments = segments(&folder)?;
        self.count("segments of the audit of reads", segments.len() as u64);
        for (at, path) in segments.iter().enumerate() {
            let shown = path.display().to_string();
            let expected = format!("{:08}.seg", at + 1);
            if path.file_name().is_none_or(|name| name != expected.as_str()) {
                self.fault(
                    "a segment of the audit of reads is missing",
                    folder.join(expected).display().to_string(),
                    TAMPERED,
                );
                break;
            }
            let (mut end, mut broken) = (0, false);
            for frame in Frames::open_at(path, 0)? {
                match frame {
                    Ok((reached, _)) => end = reached,
                    Err(_) => broken = true,
                }
            }
            if !broken {
                continue;
            }
            let is_newest = at + 1 == segments.len();
            match (is_newest, self.options.in_use) {
                (true, true) => {}
                (true, false) => self.note(
                    "the audit of reads ends in half a frame: the program was cut off while it wrote",
                    format!("{shown} from byte {end}"),
                    "the next start cuts it off and records that events may be missing",
                ),
                (false, _) => self.fault(
                    "a segment of the audit of reads is damaged",
                    format!("{shown} from byte {end}"),
                    TAMPERED,
                ),
            }
        }
        if folder.join("open").exists() && !self.options.in_use {
            self.note(
                "the program that had the directory last ended without closing it",
                folder.join("open").display().to_string(),
                "the next start records that read events of the last moment may be missing",
            );
        }
        Ok(())
    }

    fn seals(&mut self) -> Result<(), Error> {
        let folder = self.data.join("audit");
        let place = seal::path(&folder).display().to_string();
        let (lines, _) = seal::lines(&folder)?;
        let aside = std::fs::read_dir(&folder).map_err(|e| Error::file(format!("list {}", folder.display()), e))?;
        for path in aside.filter_map(|entry| entry.ok().map(|entry| entry.path())) {
            if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(seal::ASIDE)) {
                self.fault("the seals were damaged, and sealing began anew", path.display().to_string(), TAMPERED);
            }
        }
        let mut seals: Vec<Seal> = Vec::with_capacity(lines.len());
        let mut before = Seal::NONE;
        for (at, line) in lines.iter().enumerate() {
            let here = || format!("{place}, line {}", at + 1);
            let Some(seal) = Seal::parse(line) else {
                self.fault("a line is no seal", here(), TAMPERED);
                return Ok(());
            };
            if seal.no != before.no + 1 || seal.hash != seal.hash_after(&before.hash) {
                self.fault(format!("seal {} does not follow from the one before it", seal.no), here(), TAMPERED);
                return Ok(());
            }
            seals.push(seal);
            before = seal;
        }
        self.count("seals", seals.len() as u64);
        let kept: Option<String> = self
            .connection
            .query_row("SELECT value FROM setting WHERE name = ?1", [seal::SETTING], |r| r.get(0))
            .optional()?;
        if let Some(kept) = kept.as_deref().and_then(Seal::parse)
            && seals.get(kept.no as usize - 1) != Some(&kept)
        {
            self.fault(format!("seal {} is missing: the file was cut off or replaced", kept.no), &place, TAMPERED);
        }
        self.sealed_writes(&seals)?;
        self.sealed_reads(&seals);
        self.out.sealed_accounts = seals.iter().map(|seal| seal.accounts).collect();
        self.out.seal = seals.last().copied();
        Ok(())
    }

    fn sealed_writes(&mut self, seals: &[Seal]) -> Result<(), Error> {
        let mut open = seals.iter().filter(|seal| seal.writes > 0).peekable();
        let mut wrong = None;
        seal::hash_writes(&self.connection, (0, [0; 32]), |no, hash| {
            while let Some(seal) = open.next_if(|seal| seal.writes <= no) {
                if wrong.is_none() && (seal.writes != no || seal.writes_hash != *hash) {
                    wrong = Some(*seal);
                }
            }
            wrong.is_none() && open.peek().is_some()
        })?;
        let cut = open.next().copied();
        if let Some(seal) = wrong {
            let from = seals.iter().rfind(|other| other.no < seal.no).map_or(1, |other| other.writes + 1);
            self.fault(
                format!("the audit of writes is not what seal {} sealed: a row was changed or taken out", seal.no),
                format!("audit, rows {from} to {}", seal.writes),
                TAMPERED,
            );
        } else if let Some(seal) = cut {
            self.fault(
                format!("the audit of writes is cut off: seal {} names row {}", seal.no, seal.writes),
                "audit",
                TAMPERED,
            );
        }
        Ok(())
    }

    fn sealed_reads(&mut self, seals: &[Seal]) {
        let folder = self.data.join("audit");
        let mut before = Seal::NONE;
        for seal in seals {
            let hash = seal::hash_reads(&folder, before.reads, seal.reads, before.reads_hash);
            if !hash.is_ok_and(|hash| hash == seal.reads_hash) {
                let (segment, end) = seal.reads;
                self.fault(
                    format!("the audit of reads is not what seal {} sealed: events were changed or cut off", seal.no),
                    format!("audit/{segment:08}.seg up to byte {end}"),
                    TAMPERED,
                );
                break;
            }
            before = *seal;
        }
    }
}
