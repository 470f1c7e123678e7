//! The compound files in which old office programs put their streams.

use super::origin::Section;
use std::io::Read;

const MAGIC: [u8; 8] = [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
/// Numbers of sectors from here on are signs, such as the end of a chain.
const NO_SECTOR: u32 = 0xffff_fffa;
const ENTRY_BYTES: usize = 128;

/// A compound file in memory.
pub(super) struct Compound {
    bytes: Vec<u8>,
    sector_bytes: usize,
    fat: Vec<u32>,
    mini_fat: Vec<u32>,
    mini_sector_bytes: usize,
    /// The bytes of small streams.
    mini: Vec<u8>,
    /// Streams shorter than this lie in `mini`.
    mini_cutoff: usize,
    streams: Vec<Stream>,
}

struct Stream {
    name: String,
    start: u32,
    length: usize,
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

const DAMAGED: &str = "the compound file is damaged";

impl Compound {
    /// Reads a file of at most so many bytes.
    pub(super) fn open(section: &Section, most_bytes: u64) -> Result<Compound, String> {
        if section.length() > most_bytes {
            return Err(format!("a file of more than {} MiB: save it as xlsx or CSV", most_bytes >> 20));
        }
        let mut bytes = Vec::new();
        section.clone().read_to_end(&mut bytes).map_err(|error| error.to_string())?;
        Self::parse(bytes).ok_or_else(|| DAMAGED.to_owned())
    }

    fn parse(bytes: Vec<u8>) -> Option<Compound> {
        let shift = |at| u16_at(&bytes, at).map(u32::from).filter(|shift| (6..=16).contains(shift));
        if !bytes.starts_with(&MAGIC) {
            return None;
        }
        let (sector_bytes, mini_sector_bytes) = (1 << shift(30)?, 1 << shift(32)?);
        let mut file = Compound {
            sector_bytes,
            mini_sector_bytes,
            mini_cutoff: u32_at(&bytes, 56)? as usize,
            fat: Vec::new(),
            mini_fat: Vec::new(),
            mini: Vec::new(),
            streams: Vec::new(),
            bytes,
        };
        // Where the table of sectors lies: 109 sectors are named in the header, the rest in a chain of their own.
        let mut tables: Vec<u32> = (0..109).filter_map(|no| u32_at(&file.bytes, 76 + 4 * no)).collect();
        let mut next = u32_at(&file.bytes, 68)?;
        let most = file.bytes.len() / sector_bytes + 1;
        for _ in 0..most {
            let Some(sector) = file.sector(next) else { break };
            let numbers = sector.len() / 4 - 1;
            tables.extend((0..numbers).filter_map(|no| u32_at(sector, 4 * no)));
            next = u32_at(sector, 4 * numbers)?;
        }
        for table in tables.into_iter().filter(|table| *table < NO_SECTOR).take(most) {
            let sector = file.sector(table)?;
            let numbers: Vec<u32> = sector.chunks_exact(4).filter_map(|number| u32_at(number, 0)).collect();
            file.fat.extend(numbers);
        }
        let mini_fat = file.chain(u32_at(&file.bytes, 60)?);
        file.mini_fat = mini_fat.chunks_exact(4).filter_map(|number| u32_at(number, 0)).collect();
        let directory = file.chain(u32_at(&file.bytes, 48)?);
        for entry in directory.chunks_exact(ENTRY_BYTES) {
            let length = usize::from(u16_at(entry, 64)?).clamp(2, 64) - 2;
            let name = encoding_rs::UTF_16LE.decode_without_bom_handling(&entry[..length]).0.into_owned();
            let (start, size) = (u32_at(entry, 116)?, u32_at(entry, 120)? as usize);
            match entry[66] {
                2 => file.streams.push(Stream { name, start, length: size }),
                // The root: its stream holds the small ones.
                5 => {
                    file.mini = file.chain(start);
                    file.mini.truncate(size);
                }
                _ => {}
            }
        }
        Some(file)
    }

    fn sector(&self, number: u32) -> Option<&[u8]> {
        let from = (number as usize).checked_add(1)?.checked_mul(self.sector_bytes)?;
        self.bytes.get(from..from + self.sector_bytes)
    }

    /// The bytes of a chain of sectors, as far as it goes; never more than the file has.
    fn chain(&self, start: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut next = start;
        while bytes.len() < self.bytes.len() {
            let from = (next as usize).saturating_add(1).saturating_mul(self.sector_bytes);
            // The last sector of a file may be shorter than it should be.
            let Some(rest) = self.bytes.get(from..).filter(|rest| !rest.is_empty()) else { break };
            bytes.extend_from_slice(&rest[..rest.len().min(self.sector_bytes)]);
            match self.fat.get(next as usize) {
                Some(after) if *after < NO_SECTOR => next = *after,
                _ => break,
            }
        }
        bytes
    }

    /// True if there is a stream of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.streams.iter().any(|stream| stream.name.eq_ignore_ascii_case(name))
    }

    /// The bytes of a stream.
    pub(super) fn stream(&self, name: &str) -> Option<Vec<u8>> {
        let stream = self.streams.iter().find(|stream| stream.name.eq_ignore_ascii_case(name))?;
        let mut bytes = Vec::new();
        if stream.length >= self.mini_cutoff {
            bytes = self.chain(stream.start);
        } else {
            let mut next = stream.start;
            while bytes.len() < stream.length {
                let from = (next as usize).checked_mul(self.mini_sector_bytes)?;
                let rest = self.mini.get(from..)?;
                if rest.is_empty() {
                    break;
                }
                bytes.extend_from_slice(&rest[..rest.len().min(self.mini_sector_bytes)]);
                next = *self.mini_fat.get(next as usize)?;
            }
        }
        bytes.truncate(stream.length);
        Some(bytes)
    }
}
