//! Concepts by name: an index in SQLite, of words, and of the words' own parts for those that are spelled another way.

use super::file::{Batches, Columns};
use super::store::Loaded;
use crate::error::Error;
use lake::Stop;
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::path::Path;

/// The index, beside the tables.
const FILE: &str = "search.db";
/// Names of a concept, beside its first, that are indexed.
const SYNONYMS: i64 = 64;
/// Concepts that are looked at closely for an answer.
const CANDIDATES: usize = 3_000;
/// Words that stand for one that is asked, at most.
const ALIKE: usize = 8;
/// Words that are compared with one that is asked.
const COMPARED: usize = 400;
/// Words of a question.
const WORDS: usize = 12;
/// How alike two words must be, from 0 to 1.
const WORD_LIKENESS: f64 = 0.45;

/// What is looked for.
#[derive(Clone, Debug)]
pub struct Search {
    /// Only these vocabularies; none: all.
    pub vocabularies: Vec<String>,
    /// Only these domains; none: all.
    pub domains: Vec<String>,
    /// Answers, at most.
    pub limit: usize,
}

/// A concept that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// The concept.
    pub concept_id: i64,
    /// Its name.
    pub name: String,
    /// The name or synonym that was found.
    pub matched: String,
    /// Its code.
    pub code: String,
    /// Its vocabulary.
    pub vocabulary: String,
    /// Its domain.
    pub domain: String,
    /// Whether it is standard.
    pub is_standard: bool,
    /// Whether it is valid.
    pub is_valid: bool,
    /// How well it fits, from 0 to 1.
    pub score: f64,
    /// The standard concepts that it maps to, with their names.
    pub maps_to: Vec<(i64, String)>,
}

const SCHEMA: &str = "
    PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536; PRAGMA temp_store = FILE; PRAGMA page_size = 8192;
    CREATE TABLE label(no INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
    CREATE TABLE concept(id INTEGER PRIMARY KEY, name TEXT NOT NULL, code TEXT NOT NULL, vocabulary INTEGER NOT NULL,
        domain INTEGER NOT NULL, standard INTEGER NOT NULL, valid INTEGER NOT NULL);
    CREATE TABLE synonym(id INTEGER PRIMARY KEY, name TEXT NOT NULL);
    CREATE TABLE maps(source INTEGER NOT NULL, target INTEGER NOT NULL, PRIMARY KEY (source, target)) WITHOUT ROWID;
    CREATE VIRTUAL TABLE words USING fts5(name, content='', columnsize=0, detail=none, tokenize='unicode61 remove_diacritics 2');
    CREATE VIRTUAL TABLE word USING fts5vocab(words, row);
    CREATE VIRTUAL TABLE part USING fts5(word, content='', columnsize=0, detail=full, tokenize='trigram');
    CREATE TABLE part_word(id INTEGER PRIMARY KEY, word TEXT NOT NULL);
";

/// Makes the index of a version from its files.
pub(super) fn build(folder: &Path, tables: &BTreeMap<String, u64>, stop: &Stop) -> Result<(), Error> {
    let mut database = Connection::open(folder.join(FILE))?;
    database.execute_batch(SCHEMA)?;
    let write = database.transaction()?;
    let mut labels = Labels(HashMap::new());
    let check = || if stop.is_stopped() { Err(Error::from(lake::Error::Cancelled)) } else { Ok(()) };
    {
        let mut concept = write.prepare("INSERT INTO concept VALUES (?, ?, ?, ?, ?, ?, ?)")?;
        let mut words = write.prepare("INSERT INTO words(rowid, name) VALUES (?, ?)")?;
        let columns = [
            "concept_id",
            "concept_name",
            "domain_id",
            "vocabulary_id",
            "standard_concept",
            "concept_code",
            "invalid_reason",
        ];
        for batch in Batches::open(folder, "concept", &columns)? {
            let batch = batch?;
            check()?;
            let row = Columns(&batch);
            for at in 0..batch.num_rows() {
                let Some(id) = row.int(0, at) else { continue };
                let name = row.text(1, at);
                let (domain, vocabulary) = (labels.of(row.text(2, at)), labels.of(row.text(3, at)));
                let standard = row.text(4, at) == "S";
                concept.execute(params![
                    id,
                    name,
                    row.text(5, at),
                    vocabulary,
                    domain,
                    standard,
                    row.text(6, at).is_empty()
                ])?;
                if !name.is_empty() {
                    words.execute(params![id * SYNONYMS, name])?;
                }
            }
        }
        if tables.contains_key("concept_synonym") {
            let mut synonym = write.prepare("INSERT INTO synonym VALUES (?, ?)")?;
            let (mut last, mut number) = (i64::MIN, 0);
            // They are sorted by concept.
            for batch in Batches::open(folder, "concept_synonym", &["concept_id", "concept_synonym_name"])? {
                let batch = batch?;
                check()?;
                let row = Columns(&batch);
                for at in 0..batch.num_rows() {
                    let (Some(id), name) = (row.int(0, at), row.text(1, at)) else { continue };
                    number = if id == last { number + 1 } else { 1 };
                    last = id;
                    if number < SYNONYMS && !name.is_empty() {
                        synonym.execute(params![id * SYNONYMS + number, name])?;
                        words.execute(params![id * SYNONYMS + number, name])?;
                    }
                }
            }
        }
        if tables.contains_key(super::store::MAPS_TO) {
            let mut pairs: Vec<(i64, i64)> = Vec::new();
            for batch in Batches::open(folder, super::store::MAPS_TO, &["source_concept_id", "concept_id"])? {
                let batch = batch?;
                let row = Columns(&batch);
                pairs.extend((0..batch.num_rows()).filter_map(|at| row.int(0, at).zip(row.int(1, at))));
            }
            pairs.sort_unstable();
            pairs.dedup();
            let mut maps = write.prepare("INSERT INTO maps VALUES (?, ?)")?;
            for (source, target) in pairs {
                maps.execute(params![source, target])?;
            }
        }
        let mut label = write.prepare("INSERT INTO label VALUES (?, ?)")?;
        for (text, no) in &labels.0 {
            label.execute(params![no, text])?;
        }
    }
    check()?;
    write.execute_batch(
        "INSERT INTO part_word(word) SELECT term FROM word WHERE length(term) > 3 AND term GLOB '[^0-9]*';
         INSERT INTO part(rowid, word) SELECT id, word FROM part_word;
         CREATE INDEX concept_code ON concept(vocabulary, code);",
    )?;
    write.commit()?;
    database.close().map_err(|(_, error)| error)?;
    let synced = File::open(folder.join(FILE)).and_then(|file| file.sync_all());
    synced.map_err(|error| Error::file("sync", &folder.join(FILE), error))
}

/// Texts that stand for themselves once.
struct Labels(HashMap<String, i64>);

impl Labels {
    fn of(&mut self, text: &str) -> i64 {
        if let Some(no) = self.0.get(text) {
            return *no;
        }
        let no = self.0.len() as i64;
        self.0.insert(text.to_owned(), no);
        no
    }
}

/// A text in small letters, its words apart.
fn words_of(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).take(WORDS).collect()
}

/// Runs of three letters of a text, its ends marked.
fn parts_of(text: &str) -> BTreeSet<[char; 3]> {
    let mut letters = vec![' '];
    for word in words_of(text) {
        letters.extend(word.chars());
        letters.push(' ');
    }
    letters.windows(3).map(|part| [part[0], part[1], part[2]]).collect()
}

/// How alike two texts are, from 0 to 1: by the runs of three letters that both have.
fn likeness(a: &BTreeSet<[char; 3]>, b: &BTreeSet<[char; 3]>) -> f64 {
    let both = a.intersection(b).count();
    if both == 0 { 0.0 } else { 2.0 * both as f64 / (a.len() + b.len()) as f64 }
}

impl Loaded {
    fn index(&self) -> Result<Connection, Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Ok(Connection::open_with_flags(self.folder.join(FILE), flags)?)
    }

    /// Finds concepts by name or synonym, the best first. Words may be spelled a little otherwise, and some may be missing.
    ///
    /// # Errors
    /// The index cannot be read, or was not made.
    pub fn search(&self, text: &str, search: &Search) -> Result<Vec<Hit>, Error> {
        let index = self.index()?;
        let asked = parts_of(text);
        let mut words: Vec<(u64, Vec<String>)> = Vec::new();
        for word in words_of(text) {
            let alike = alike(&index, &word)?;
            let frequency = alike.iter().map(|(_, documents)| documents).sum();
            if frequency > 0 {
                words.push((frequency, alike.into_iter().map(|(word, _)| word).collect()));
            }
        }
        // The rarest words say most.
        words.sort();
        let mut found: BTreeSet<i64> = BTreeSet::new();
        let mut query = index.prepare("SELECT rowid FROM words WHERE words MATCH ? LIMIT ?")?;
        for count in (1..=words.len()).rev() {
            let any = |words: &(u64, Vec<String>)| {
                format!("({})", words.1.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(" OR "))
            };
            let all = words[..count].iter().map(any).collect::<Vec<_>>().join(" AND ");
            let ids = query.query_map(params![all, CANDIDATES as i64], |row| row.get::<_, i64>(0))?;
            for id in ids {
                found.insert(id?);
            }
            if found.len() >= CANDIDATES {
                break;
            }
        }
        let mut names = index.prepare("SELECT name FROM synonym WHERE id = ?")?;
        let mut best: HashMap<i64, Hit> = HashMap::new();
        for id in found {
            let Some(mut hit) = concept(&index, id.div_euclid(SYNONYMS))? else { continue };
            let is_of =
                |names: &[String], name: &str| names.is_empty() || names.iter().any(|of| of.eq_ignore_ascii_case(name));
            if !is_of(&search.vocabularies, &hit.vocabulary) || !is_of(&search.domains, &hit.domain) {
                continue;
            }
            if id.rem_euclid(SYNONYMS) > 0 {
                hit.matched = names.query_row([id], |row| row.get(0))?;
            }
            hit.score = likeness(&asked, &parts_of(&hit.matched));
            let rank = |hit: &Hit| (hit.score, hit.is_standard, hit.is_valid);
            match best.get(&hit.concept_id) {
                Some(other) if rank(other) >= rank(&hit) => {}
                _ => drop(best.insert(hit.concept_id, hit)),
            }
        }
        let mut hits: Vec<Hit> = best.into_values().collect();
        hits.sort_by(|a, b| {
            let key = |hit: &Hit| (hit.score + f64::from(u8::from(hit.is_standard)) / 50.0, hit.is_valid);
            key(b).partial_cmp(&key(a)).unwrap_or(std::cmp::Ordering::Equal).then(a.concept_id.cmp(&b.concept_id))
        });
        hits.truncate(search.limit);
        for hit in &mut hits {
            hit.maps_to = targets(&index, hit.concept_id)?;
        }
        Ok(hits)
    }

    /// The concept of a code of a vocabulary.
    ///
    /// # Errors
    /// The index cannot be read, or was not made.
    pub fn concept_of(&self, vocabulary: &str, code: &str) -> Result<Option<Hit>, Error> {
        let index = self.index()?;
        let sql = "SELECT c.id FROM concept c JOIN label v ON v.no = c.vocabulary WHERE v.text = ? AND c.code = ? ORDER BY c.valid DESC, c.id LIMIT 1";
        let id: Option<i64> = index.query_row(sql, [vocabulary, code], |row| row.get(0)).optional()?;
        let Some(mut hit) = id.map(|id| concept(&index, id)).transpose()?.flatten() else { return Ok(None) };
        hit.score = 1.0;
        hit.maps_to = targets(&index, hit.concept_id)?;
        Ok(Some(hit))
    }

    /// The standard concepts that a concept maps to, with their names.
    ///
    /// # Errors
    /// The index cannot be read, or was not made.
    pub fn maps_to(&self, concept_id: i64) -> Result<Vec<(i64, String)>, Error> {
        targets(&self.index()?, concept_id)
    }
}

/// Words of names that are a word, or are spelled like it, and in how many names they are.
fn alike(index: &Connection, word: &str) -> Result<Vec<(String, u64)>, Error> {
    let documents = |word: &str| -> Result<u64, Error> {
        let count: Option<i64> = index
            .prepare_cached("SELECT doc FROM word WHERE term = ?")?
            .query_row([word], |row| row.get(0))
            .optional()?;
        Ok(count.map_or(0, i64::unsigned_abs))
    };
    let exact = documents(word)?;
    let mut all = if exact > 0 { vec![(word.to_owned(), exact)] } else { Vec::new() };
    if word.chars().count() < 4 || exact > 0 {
        return Ok(all);
    }
    let parts = parts_of(word);
    let letters: Vec<char> = word.chars().collect();
    let any = letters.windows(3).map(|part| format!("\"{}\"", part.iter().collect::<String>())).collect::<Vec<_>>();
    let sql = "SELECT w.word FROM part JOIN part_word w ON w.id = part.rowid WHERE part MATCH ? ORDER BY rank LIMIT ?";
    let mut query = index.prepare_cached(sql)?;
    let found = query.query_map(params![any.join(" OR "), COMPARED as i64], |row| row.get::<_, String>(0))?;
    let mut ranked = Vec::new();
    for other in found {
        let other = other?;
        let likeness = likeness(&parts, &parts_of(&other));
        if likeness >= WORD_LIKENESS {
            ranked.push((likeness, other));
        }
    }
    ranked.sort_by(|a, b| b.0.partial_cmp(&a.0).unwrap_or(std::cmp::Ordering::Equal).then_with(|| a.1.cmp(&b.1)));
    for (_, other) in ranked.into_iter().take(ALIKE) {
        let count = documents(&other)?;
        all.push((other, count));
    }
    Ok(all)
}

fn concept(index: &Connection, id: i64) -> Result<Option<Hit>, Error> {
    let sql = "SELECT c.name, c.code, v.text, d.text, c.standard, c.valid FROM concept c \
               JOIN label v ON v.no = c.vocabulary JOIN label d ON d.no = c.domain WHERE c.id = ?";
    let hit = index.prepare_cached(sql)?.query_row([id], |row| {
        let name: String = row.get(0)?;
        Ok(Hit {
            concept_id: id,
            matched: name.clone(),
            name,
            code: row.get(1)?,
            vocabulary: row.get(2)?,
            domain: row.get(3)?,
            is_standard: row.get(4)?,
            is_valid: row.get(5)?,
            score: 0.0,
            maps_to: Vec::new(),
        })
    });
    Ok(hit.optional()?)
}

fn targets(index: &Connection, id: i64) -> Result<Vec<(i64, String)>, Error> {
    let sql = "SELECT m.target, c.name FROM maps m JOIN concept c ON c.id = m.target WHERE m.source = ?";
    let mut query = index.prepare_cached(sql)?;
    let all = query.query_map([id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(all.collect::<Result<_, _>>()?)
}
