//! The bytes of arrivals are those that came, and every byte of the packs belongs to one.

use super::{Check, LISTED, Orphan};
use crate::arrival::{self, FRAME_BYTES, Place};
use crate::error::Error;
use std::collections::BTreeMap;

/// Content is read in pieces of this size.
const PIECE_BYTES: u64 = 16 * FRAME_BYTES as u64;

/// The places of one run of frames, with the arrivals that have it.
struct Kept {
    no: i64,
    place: Place,
    hash: Vec<u8>,
}

impl Kept {
    fn end(&self) -> u64 {
        self.place.at + self.place.frames.iter().map(|&length| u64::from(length)).sum::<u64>()
    }
}

impl Check<'_> {
    /// Every arrival, in the order of the packs; equal content lies once.
    fn kept(&mut self) -> Result<Vec<Kept>, Error> {
        let (mut kept, mut broken) = (Vec::new(), Vec::new());
        {
            let mut statement = self.connection.prepare(
                "SELECT min(no), pack, at, frames, length, dictionary, hash FROM arrival GROUP BY pack, at, hash ORDER BY pack, at",
            )?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let (no, frames): (i64, Vec<u8>) = (row.get(0)?, row.get(3)?);
                let Some(frames) = Place::decode_frames(&frames) else {
                    broken.push(format!("arrival {no}"));
                    continue;
                };
                let (at, length) = (row.get::<_, i64>(2)? as u64, row.get::<_, i64>(4)? as u64);
                let place = Place { pack: row.get(1)?, at, frames, length, dictionary: row.get(5)? };
                kept.push(Kept { no, place, hash: row.get(6)? });
            }
        }
        self.list_places(
            "the list of an arrival's frames is damaged",
            "restore the directory from a backup",
            broken,
            0,
        );
        Ok(kept)
    }

    pub(super) fn arrivals(&mut self) -> Result<(), Error> {
        (self.progress)("the bytes of arrivals");
        let kept = self.kept()?;
        let step = self.step(kept.len() as u64) as usize;
        let folder = self.data.join("arrivals");
        let (mut looked, mut places, mut more) = (0, Vec::new(), 0);
        for kept in kept.iter().step_by(step) {
            looked += 1;
            if looked % 1_000 == 0 {
                (self.progress)(&format!("the bytes of arrivals: {looked}"));
            }
            let mut hasher = blake3::Hasher::new();
            let mut at = 0;
            let problem = loop {
                if at >= kept.place.length {
                    let same = hasher.finalize().as_bytes().as_slice() == kept.hash;
                    break (!same).then(|| "they are not the bytes that came".to_owned());
                }
                match arrival::read_range(&folder, &kept.place, at, PIECE_BYTES, &self.dictionaries) {
                    Ok(bytes) if bytes.is_empty() => break Some("they end early".to_owned()),
                    Ok(bytes) => {
                        hasher.update(&bytes);
                        at += bytes.len() as u64;
                    }
                    Err(error) => break Some(error.to_string()),
                }
            };
            let Some(problem) = problem else { continue };
            if places.len() < LISTED {
                let (pack, from) = (kept.place.pack, kept.place.at);
                places.push(format!("arrival {}, arrivals/{pack:08}.pack from byte {from}: {problem}", kept.no));
            } else {
                more += 1;
            }
        }
        self.count("arrivals unpacked and hashed", looked);
        self.list_places(
            "the bytes of an arrival are damaged",
            "restore the pack from a backup; the records made of it are still whole",
            places,
            more,
        );
        Ok(())
    }

    /// What of the packs no arrival names.
    pub(super) fn packs(&mut self) -> Result<(), Error> {
        let mut runs: BTreeMap<i64, Vec<(u64, u64)>> = BTreeMap::new();
        for kept in self.kept()? {
            runs.entry(kept.place.pack).or_default().push((kept.place.at, kept.end()));
        }
        let folder = self.data.join("arrivals");
        let mut lengths: BTreeMap<i64, u64> = BTreeMap::new();
        for entry in std::fs::read_dir(&folder).map_err(|e| Error::file(format!("list {}", folder.display()), e))? {
            let entry = entry.map_err(|e| Error::file(format!("list {}", folder.display()), e))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let length = entry.metadata().map_or(0, |about| about.len());
            match name.strip_suffix(".pack").and_then(|no| no.parse().ok()) {
                Some(no) => {
                    lengths.insert(no, length);
                }
                None => self.note(
                    "a file that is no pack",
                    entry.path().display().to_string(),
                    "medweave did not put it there; look at it and move it away",
                ),
            }
        }
        for (&no, runs) in &runs {
            let path = folder.join(format!("{no:08}.pack"));
            let named = runs.iter().map(|run| run.1).max().unwrap_or(0);
            match lengths.get(&no) {
                None => self.fault("a pack is missing", path.display().to_string(), "restore it from a backup"),
                Some(&length) if length < named => self.fault(
                    format!("a pack holds {length} bytes, arrivals name {named}"),
                    path.display().to_string(),
                    "restore it from a backup",
                ),
                Some(_) => {}
            }
        }
        let newest = runs.keys().next_back().copied().unwrap_or(0);
        for (no, length) in lengths {
            let path = folder.join(format!("{no:08}.pack"));
            let mut at = 0;
            let mut orphan = |from: u64, to: u64| {
                if from < to {
                    self.out.orphans.push(Orphan { path: path.clone(), from, to, length });
                }
            };
            for &(from, to) in runs.get(&no).map_or(&[][..], Vec::as_slice) {
                orphan(at, from);
                at = at.max(to);
            }
            // What another program is appending at the moment has no commit yet.
            if !(self.options.in_use && no >= newest) {
                orphan(at, length);
            }
        }
        for orphan in self.out.orphans.clone() {
            self.note(
                format!("{} bytes belong to no arrival: their commit never came", orphan.to - orphan.from),
                format!("{} from byte {}", orphan.path.display(), orphan.from),
                "nothing was acknowledged of them; `medweave doctor --sweep` gives the space back",
            );
        }
        Ok(())
    }
}
