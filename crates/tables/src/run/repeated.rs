//! Keys that come more than once, found before a large table is mapped.
//!
//! Which rows share a key must be known before the first of them is a resource. Of tables with more rows than are told apart in memory the
//! keys are read alone first: the ids of their resources go to files by their first bits, and each file is small enough to be sorted.

use crate::compile::Part;
use crate::error::Error;
use crate::run::identities::{ByHash, Id};
use arrow_array::RecordBatch;
use lake::workbench::{Limits, Question, Stop, Workbench};
use sqlparser::ast::{GroupByExpr, Query, SelectItem, SetExpr};
use std::collections::HashSet;
use std::fs::File;
use std::io::{BufWriter, Read, Seek, Write};
use std::path::{Path, PathBuf};

/// Files that ids are divided among: a power of two, up to 256.
const FILES: usize = 128;
/// Keys that may come more than once. More of them are a key that is none.
const REPEATED_MAX: usize = 8 << 20;
/// Bytes that wait for each file.
const WAITING: usize = 32 << 10;

/// How the keys of a target are read alone.
pub(super) struct KeysQuery {
    pub(super) workbench: Workbench,
    pub(super) question: Question,
}

/// The ids of resources whose keys come more than once.
#[derive(Debug, Default)]
pub(super) struct Repeated(HashSet<Id, ByHash>);

/// Ids, divided among files.
struct Sieve {
    files: Vec<BufWriter<File>>,
    folder: PathBuf,
}

/// The query of a part with its keys alone; none if other items have a say in what rows there are.
pub(super) fn keys_alone(part: &Part) -> Option<Query> {
    let mut query = part.query.clone();
    let SetExpr::Select(select) = &mut *query.body else { return None };
    let multiplies = |item: &SelectItem| item.to_string().to_lowercase().contains("unnest");
    let has_groups = match &select.group_by {
        GroupByExpr::Expressions(by, _) => !by.is_empty(),
        GroupByExpr::All(_) => true,
    };
    if select.distinct.is_some() || has_groups || select.projection.iter().any(multiplies) {
        return None;
    }
    let names: Vec<String> = (0..part.keys).map(|at| format!("__k{at}")).collect();
    select.projection.retain(|item| match item {
        SelectItem::ExprWithAlias { alias, .. } => names.contains(&alias.value),
        _ => false,
    });
    (select.projection.len() == part.keys).then_some(query)
}

impl Repeated {
    /// Reads the keys of a target, in whose batches they are the first columns; `ids` gives those of a batch. Its files are in `folder` and
    /// gone after it.
    pub(super) fn find(
        target: &str,
        keys: &KeysQuery,
        folder: &Path,
        (limits, stop): (&Limits, &Stop),
        ids: &mut dyn FnMut(&RecordBatch) -> Vec<Id>,
        go_on: &mut dyn FnMut() -> Result<(), Error>,
    ) -> Result<Repeated, Error> {
        let failed = |error: lake::workbench::Error| Error::query(target, error);
        let planned = keys.workbench.plan(keys.question.clone()).map_err(failed)?;
        let mut rows = planned.run(limits, stop).map_err(failed)?;
        let mut sieve = Sieve::begin(folder)?;
        while let Some(batch) = rows.next_batch().map_err(failed)? {
            ids(&batch).into_iter().try_for_each(|id| sieve.add(id))?;
            go_on()?;
        }
        sieve.end(target)
    }

    /// Whether an id comes more than once.
    pub(super) fn contains(&self, id: Id) -> bool {
        !self.0.is_empty() && self.0.contains(&id)
    }

    /// These.
    #[cfg(test)]
    pub(super) fn of(ids: impl IntoIterator<Item = Id>) -> Repeated {
        Repeated(ids.into_iter().collect())
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

impl Sieve {
    fn begin(folder: &Path) -> Result<Sieve, Error> {
        let file = |_| Ok(BufWriter::with_capacity(WAITING, tempfile::tempfile_in(folder)?));
        let files = (0..FILES).map(file).collect::<std::io::Result<_>>();
        Ok(Sieve { files: files.map_err(|error| Error::file("use", folder, error))?, folder: folder.to_owned() })
    }

    fn add(&mut self, id: Id) -> Result<(), Error> {
        let file = &mut self.files[usize::from(id[0]) * FILES / 256];
        file.write_all(&id).map_err(|error| Error::file("use", &self.folder, error))
    }

    fn end(self, target: &str) -> Result<Repeated, Error> {
        let mut repeated = Repeated::default();
        for out in self.files {
            let sorted = sorted(out).map_err(|error| Error::file("use", &self.folder, error))?;
            repeated.0.extend(sorted.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]));
            if repeated.len() > REPEATED_MAX {
                let message = format!(
                    "more than {REPEATED_MAX} keys of `@key` come more than once in a table with too many rows to tell all apart: \
                     choose a key that is unique, or gather its rows with `@group by`"
                );
                return Err(Error::query(target, message));
            }
        }
        Ok(repeated)
    }
}

fn sorted(out: BufWriter<File>) -> std::io::Result<Vec<Id>> {
    let mut file = out.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    file.rewind()?;
    let mut ids = vec![[0; 16]; (file.metadata()?.len() / 16) as usize];
    file.read_exact(ids.as_flattened_mut())?;
    ids.sort_unstable();
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_alone_only_where_that_gives_the_same_rows() {
        let alone = |select: &str| {
            let text = format!("-- @target Basic @key l.id\n{select}");
            let files = [("mapping.toml", "name = \"a\"\n[tables.lab]\n"), ("basic.sql", text.as_str())];
            let mapping = crate::mapping::Mapping::parse(&files).unwrap();
            let program = crate::compile::compile(&mapping).unwrap();
            keys_alone(&program.targets[0].main).map(|query| query.to_string())
        };
        let keys = alone("SELECT l.c AS \"code.text\" FROM lab l WHERE l.c <> 'x'").unwrap();
        assert!(keys.contains("AS __k0 FROM lab") && !keys.contains("__c0"), "{keys}");
        assert_eq!(alone("SELECT unnest(string_to_array(l.c, ';')) AS \"code.text\" FROM lab l"), None);
        assert_eq!(alone("SELECT max(l.c) AS \"code.text\" FROM lab l GROUP BY 2, l.id"), None);
    }

    #[test]
    fn ids_that_come_again_are_found_in_whatever_order() {
        let folder = tempfile::tempdir().unwrap();
        let id = |number: u32| *blake3::hash(&number.to_le_bytes()).as_bytes().first_chunk().unwrap();
        let mut sieve = Sieve::begin(folder.path()).unwrap();
        for number in (0..20_000).chain([7, 19_999, 7, 40_000]) {
            sieve.add(id(number)).unwrap();
        }
        let repeated = sieve.end("Observation").unwrap();
        assert_eq!(repeated.len(), 2);
        assert!(repeated.contains(id(7)) && repeated.contains(id(19_999)) && !repeated.contains(id(40_000)));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
