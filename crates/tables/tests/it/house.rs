//! Records and sources in a temporary folder, and text files that are tables.

use access::{Grant, Principal, PrincipalKind};
use records::{ArrivalNo, Records};
use std::io::{Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use tables::pull::{IfDoubtful, Origin, PullReport, PullTable, Sources};
use tables::read::{BadRow, Content, Place, ReadError, RowBatch, Table};
use tempfile::TempDir;

/// 2026-01-01T00:00:00Z.
pub const START_US: i64 = 1_767_225_600_000_000;

pub struct House {
    pub folder: TempDir,
    pub records: Arc<Records>,
    pub sources: Sources,
    /// What the clock is ahead of its ticks, µs.
    ahead_us: Arc<AtomicI64>,
}

/// A grant of somebody who may do everything.
pub fn everything() -> Grant {
    grant("system/*.cruds")
}

pub fn grant(scopes: &str) -> Grant {
    Grant::for_test(Principal { kind: PrincipalKind::Operator, id: 0, name: "test".into() }, scopes)
}

impl House {
    pub fn new() -> House {
        let folder = tempfile::tempdir().unwrap();
        let (seconds, ids) = (AtomicI64::new(0), AtomicU64::new(0));
        let ahead_us = Arc::new(AtomicI64::new(0));
        let more_us = Arc::clone(&ahead_us);
        let clock = Box::new(move || {
            START_US + more_us.load(Ordering::Relaxed) + 1_000_000 * seconds.fetch_add(1, Ordering::Relaxed)
        });
        let randomness = Box::new(move || u128::from(ids.fetch_add(1, Ordering::Relaxed)).to_be_bytes());
        let records = Arc::new(Records::open(folder.path(), records::Options { clock, randomness }).unwrap());
        let sources = Sources::open(&folder.path().join("tables"), Arc::clone(&records)).unwrap();
        sources.add(&everything(), "his", "/data/his", "his-zh").unwrap();
        House { folder, records, sources, ahead_us }
    }

    /// Lets so much time go by.
    pub fn pass(&self, span_us: i64) {
        self.ahead_us.fetch_add(span_us, Ordering::Relaxed);
    }

    /// The same store, opened again by a program that starts.
    pub fn again(self) -> House {
        let House { folder, records, sources, ahead_us } = self;
        drop(sources);
        let sources = Sources::open(&folder.path().join("tables"), Arc::clone(&records)).unwrap();
        House { folder, records, sources, ahead_us }
    }

    /// Pulls one table, `lab` with the key `id`, that is this text.
    pub fn pull(&self, text: &str) -> PullReport {
        self.try_pull(text, IfDoubtful::Stop).unwrap()
    }

    pub fn try_pull(&self, text: &str, if_doubtful: IfDoubtful) -> Result<PullReport, tables::Error> {
        self.pull_from(Box::new(Text { text: text.to_owned(), has_bytes: true }), if_doubtful)
    }

    pub fn pull_from(&self, origin: Box<dyn Origin>, if_doubtful: IfDoubtful) -> Result<PullReport, tables::Error> {
        let table =
            PullTable { name: "lab".into(), key: vec!["id".into()], uses: vec!["id".into()], optional: false, origin };
        self.sources.pull(&everything(), "his", &[table], if_doubtful, &mut |_, _| Ok(()))
    }

    pub fn arrivals(&self) -> usize {
        self.records.arrivals(&everything(), None, 1_000).unwrap().len()
    }

    pub fn bytes(&self, arrival: i64, offset: u64, length: u64) -> String {
        let bytes = self.records.arrival_bytes(&everything(), ArrivalNo(arrival), offset, length).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    /// Pulls the table whatever it looks like.
    pub fn pull_accepted(&self, origin: Box<dyn Origin>) {
        self.pull_from(origin, IfDoubtful::Accept).unwrap();
    }

    /// The current rows in the order in which runs read them, each as its cells joined by commas.
    pub fn in_order(&self) -> Vec<String> {
        self.numbers().into_iter().map(|row| self.row(row)).collect()
    }

    /// The current rows, each as its cells joined by commas, sorted.
    pub fn rows(&self) -> Vec<String> {
        let mut rows: Vec<String> = self.numbers().into_iter().map(|row| self.row(row)).collect();
        rows.sort();
        rows
    }

    /// The numbers of the current rows.
    pub fn numbers(&self) -> Vec<u64> {
        let sheets = self.sources.sheets(&everything(), "his", &|_| vec![String::new()]).unwrap();
        sheets.iter().flat_map(|sheet| sheet.alive().iter().collect::<Vec<_>>()).collect()
    }

    fn row(&self, row: u64) -> String {
        let found = self.sources.row(&everything(), "his", "lab", row).unwrap();
        found.cells.into_iter().map(|(_, cell)| cell.unwrap_or("-".into())).collect::<Vec<_>>().join(",")
    }
}

/// A table as text: a header line, cells between commas, no quotes. A line with another number of cells is a bad row.
#[derive(Clone)]
pub struct Text {
    pub text: String,
    /// Whether rows are ranges of bytes, as in a text file.
    pub has_bytes: bool,
}

impl Origin for Text {
    fn file(&self) -> &'static str {
        "lab.csv"
    }

    fn reading(&self) -> String {
        "text".into()
    }

    fn content(&self) -> Result<Option<Content>, ReadError> {
        let (hash, bytes) = (*blake3::hash(self.text.as_bytes()).as_bytes(), self.text.len() as u64);
        Ok(Some(Content { hash, bytes }))
    }

    fn open(&self) -> Result<Box<dyn Table>, ReadError> {
        let header = self.text.lines().next().unwrap_or_default();
        let columns = header.split(',').map(str::to_owned).collect();
        Ok(Box::new(Reading { text: self.clone(), columns, at: header.len() as u64 + 1, number: 0 }))
    }

    fn raw(&self) -> Result<Option<Box<dyn Read + Send>>, ReadError> {
        Ok(self.has_bytes.then(|| Box::new(Cursor::new(self.text.clone().into_bytes())) as Box<dyn Read + Send>))
    }
}

struct Reading {
    text: Text,
    columns: Vec<String>,
    at: u64,
    number: u64,
}

impl Table for Reading {
    fn name(&self) -> &'static str {
        "lab"
    }

    fn columns(&self) -> &[String] {
        &self.columns
    }

    fn next(&mut self, rows: &mut RowBatch) -> Result<bool, ReadError> {
        rows.clear();
        let begin = (self.at as usize).min(self.text.text.len());
        for line in self.text.text[begin..].split_inclusive('\n').take(3) {
            self.number += 1;
            let bytes = self.text.has_bytes.then_some((self.at, line.len() as u32));
            let place = Place { number: self.number, bytes };
            let cells: Vec<&str> = line.trim_end().split(',').collect();
            self.at += line.len() as u64;
            if cells.len() == self.columns.len() {
                for cell in cells {
                    rows.push_cell(Some(cell));
                }
                rows.end_row(place);
            } else {
                let message = format!("{} cells, not {}", cells.len(), self.columns.len());
                rows.bad.push(BadRow { place, reason: "ragged-row", message, text: line.to_owned() });
            }
        }
        Ok(!rows.is_empty() || !rows.bad.is_empty())
    }
}

/// A table of this text without a key.
pub fn keyless(text: &str) -> PullTable {
    let origin = Box::new(Text { text: text.to_owned(), has_bytes: true });
    PullTable { name: "lab".into(), key: Vec::new(), uses: Vec::new(), optional: false, origin }
}
