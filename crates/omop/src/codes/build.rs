//! Making the book of a version of the vocabularies: three passes over its Parquet files.

use super::book::{CODE, CONCEPT, CodeBook, MAGIC, hash_of};
use crate::error::Error;
use crate::views::VocabularyFiles;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, RecordBatch, StringArray};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::collections::HashSet;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// An entry of a code in the making.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    hash: u64,
    concept: u32,
    source: u32,
    value: u32,
    domain: u8,
}

impl CodeBook {
    /// Makes the book of the vocabularies in `files`, in place of what is at `path`. Takes about 40 bytes of memory a concept.
    ///
    /// # Errors
    /// Files that cannot be read or written.
    pub fn make(path: &Path, files: &VocabularyFiles) -> Result<CodeBook, Error> {
        let mut names = Names::default();
        let mut entries = of_maps(files, &mut names)?;
        let mut mapped: Vec<u32> = entries.iter().map(|entry| entry.source).collect();
        mapped.sort_unstable();
        mapped.dedup();
        let concepts = of_concepts(files, &mapped, &mut entries, &mut names)?;
        drop(mapped);
        entries.sort_unstable();
        entries.dedup();
        write(path, &entries, &concepts, &names)?;
        CodeBook::open(path)
    }
}

/// Names by their numbers.
#[derive(Default)]
struct Names {
    domains: Vec<String>,
    vocabularies: HashSet<String>,
}

impl Names {
    fn domain(&mut self, name: &str) -> u8 {
        let at = self.domains.iter().position(|known| known == name).unwrap_or_else(|| {
            self.domains.push(name.to_owned());
            self.domains.len() - 1
        });
        // There are some 50 domains; the last number stands for all beyond.
        u8::try_from(at).unwrap_or(u8::MAX)
    }

    fn vocabulary(&mut self, name: &str) {
        if !self.vocabularies.contains(name) {
            self.vocabularies.insert(name.to_owned());
        }
    }
}

/// The codes that map to standard concepts.
fn of_maps(files: &VocabularyFiles, names: &mut Names) -> Result<Vec<Entry>, Error> {
    let columns =
        ["vocabulary_id", "concept_code", "source_concept_id", "concept_id", "domain_id", "value_as_concept_id"];
    let mut entries = Vec::new();
    each(files, "maps_to", &columns, &mut |batch| {
        let text = |at: usize| batch.column(at).as_string::<i32>();
        let id = |at: usize, row: usize| id_of(batch, at, row);
        for row in 0..batch.num_rows() {
            entries.push(Entry {
                hash: hash_of(text(0).value(row), text(1).value(row)),
                concept: id(3, row),
                source: id(2, row),
                value: id(5, row),
                domain: names.domain(text(4).value(row)),
            });
        }
    })?;
    Ok(entries)
}

/// All concepts; those that map to nothing get an entry of their own.
fn of_concepts(
    files: &VocabularyFiles,
    mapped: &[u32],
    entries: &mut Vec<Entry>,
    names: &mut Names,
) -> Result<Vec<(u32, u8, u8)>, Error> {
    let columns = ["concept_id", "domain_id", "vocabulary_id", "standard_concept", "concept_code", "invalid_reason"];
    let mut concepts = Vec::new();
    each(files, "concept", &columns, &mut |batch| {
        let text = |at: usize| batch.column(at).as_string::<i32>();
        let given = |array: &StringArray, row: usize| (!array.is_null(row)).then(|| array.value(row).trim().to_owned());
        for row in 0..batch.num_rows() {
            let id = id_of(batch, 0, row);
            let domain = names.domain(text(1).value(row));
            names.vocabulary(text(2).value(row));
            let is_valid = given(text(5), row).is_none_or(|reason| reason.is_empty());
            let is_standard = given(text(3), row).is_some_and(|mark| mark == "S") && is_valid;
            concepts.push((id, domain, u8::from(is_standard)));
            if mapped.binary_search(&id).is_err() {
                let hash = hash_of(text(2).value(row), text(4).value(row));
                let concept = if is_standard { id } else { 0 };
                entries.push(Entry { hash, concept, source: id, value: 0, domain });
            }
        }
    })?;
    concepts.sort_unstable();
    Ok(concepts)
}

fn id_of(batch: &RecordBatch, at: usize, row: usize) -> u32 {
    let ids = batch.column(at).as_primitive::<Int64Type>();
    if ids.is_null(row) { 0 } else { u32::try_from(ids.value(row)).unwrap_or(0) }
}

/// Goes through the rows of a table with the columns of the names given, in that order.
fn each(
    files: &VocabularyFiles,
    table: &str,
    columns: &[&str],
    take: &mut dyn FnMut(&RecordBatch),
) -> Result<(), Error> {
    let Some((folder, names, _)) = files.tables.get(table) else { return Ok(()) };
    for name in names {
        let path = folder.join(name);
        let file = File::open(&path).map_err(|error| Error::file("read", &path, error))?;
        let builder = ParquetRecordBatchReaderBuilder::try_new(file)?;
        let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
        let reader = builder.with_projection(mask).with_batch_size(8192).build()?;
        for batch in reader {
            let batch = batch?;
            let order: Result<Vec<usize>, _> = columns.iter().map(|name| batch.schema().index_of(name)).collect();
            take(&batch.project(&order?)?);
        }
    }
    Ok(())
}

fn write(path: &Path, entries: &[Entry], concepts: &[(u32, u8, u8)], names: &Names) -> Result<(), Error> {
    let next = path.with_extension("next");
    let failed = |error| Error::file("write", &next, error);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut vocabularies: Vec<&str> = names.vocabularies.iter().map(String::as_str).collect();
    vocabularies.sort_unstable();
    let text = format!("{}\n{}", names.domains.join("\t"), vocabularies.join("\t"));
    let file = File::create(&next).map_err(failed)?;
    let mut out = BufWriter::new(file);
    let mut put = |bytes: &[u8]| out.write_all(bytes);
    let mut written = || -> std::io::Result<()> {
        put(MAGIC)?;
        for count in [entries.len(), concepts.len(), text.len()] {
            put(&(count as u64).to_be_bytes())?;
        }
        for entry in entries {
            let mut bytes = [0; CODE as usize];
            bytes[..8].copy_from_slice(&entry.hash.to_be_bytes());
            bytes[8..12].copy_from_slice(&entry.source.to_be_bytes());
            bytes[12..16].copy_from_slice(&entry.concept.to_be_bytes());
            bytes[16..20].copy_from_slice(&entry.value.to_be_bytes());
            bytes[20] = entry.domain;
            put(&bytes)?;
        }
        for (id, domain, is_standard) in concepts {
            let mut bytes = [0; CONCEPT as usize];
            bytes[..4].copy_from_slice(&id.to_be_bytes());
            (bytes[4], bytes[5]) = (*domain, *is_standard);
            put(&bytes)?;
        }
        put(text.as_bytes())
    };
    written().map_err(failed)?;
    let file = out.into_inner().map_err(|error| failed(error.into_error()))?;
    file.sync_all().map_err(failed)?;
    std::fs::rename(&next, path).map_err(failed)
}
