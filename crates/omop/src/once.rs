//! Views that are made once at a position of the feed, for queries that would each make them again.

use crate::asking::SCHEMA;
use crate::cdm::Table;
use crate::error::Error;
use crate::folder::Out;
use crate::views::EVENT;
use access::Grant;
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use lake::{Lake, Limits, Pinned, Stop};
use std::path::Path;

/// What copies leave free of their disk, where the store itself writes.
const KEEP_FREE_BYTES: u64 = 512 << 20;

/// The views of the model's schema that the view of a table reads, apart from those that are cheap.
pub(crate) fn needs(table: &str) -> &'static [&'static str] {
    match table {
        "observation_period"
        | "condition_occurrence"
        | "drug_exposure"
        | "procedure_occurrence"
        | "device_exposure"
        | "measurement"
        | "observation" => &[EVENT],
        "payer_plan_period" => &["observation_period"],
        "condition_era" => &["condition_occurrence"],
        "drug_era" => &["drug_exposure"],
        _ => &[],
    }
}

/// What the views of tables read, each once and after what it reads itself.
pub(crate) fn needs_of(tables: &[&Table]) -> Vec<&'static str> {
    let mut found: Vec<&'static str> = Vec::new();
    for need in tables.iter().flat_map(|table| needs(table.name)) {
        for name in needs(need).iter().chain([need]) {
            if !found.contains(name) {
                found.push(name);
            }
        }
    }
    found
}

/// A lake at one position, as somebody may see it.
pub(crate) struct At<'l> {
    pub(crate) lake: &'l Lake,
    pub(crate) pinned: &'l Pinned,
    pub(crate) grant: &'l Grant,
    pub(crate) limits: Limits,
    pub(crate) stop: &'l Stop,
}

impl At<'_> {
    /// Writes the rows of a view into a file of a folder, where all later queries at the position read them. `columns` are their
    /// names and types, if not those of the view. Gives the file's name, its bytes and its rows.
    pub(crate) fn make(
        &self,
        table: &str,
        columns: Option<SchemaRef>,
        folder: &Path,
    ) -> Result<(String, u64, u64), Error> {
        let limits = Limits { rows: usize::MAX, ..self.limits };
        let mut answer = self.lake.table_at(self.pinned, self.grant, (SCHEMA, table), &limits, self.stop)?;
        let columns = columns.unwrap_or_else(|| SchemaRef::clone(answer.schema()));
        let file = format!("{table}.parquet");
        let mut out = Out::create(&folder.join(&file), &columns)?;
        while let Some(batch) = answer.next_batch()? {
            check_room(folder, KEEP_FREE_BYTES)?;
            out.write(&RecordBatch::try_new(SchemaRef::clone(&columns), batch.columns().to_vec())?)?;
        }
        let (bytes, rows) = out.end()?;
        self.pinned.lay((SCHEMA, table), &columns, folder, &file, rows);
        Ok((file, bytes, rows))
    }
}

/// That there is room on a folder's disk for more than what must stay free. Where the system does not say, writing tells.
fn check_room(folder: &Path, keep_bytes: u64) -> Result<(), Error> {
    let Ok(disk) = rustix::fs::statvfs(folder) else { return Ok(()) };
    let free_bytes = disk.f_bavail.saturating_mul(disk.f_frsize);
    if free_bytes < keep_bytes {
        return Err(Error::NoRoom { folder: folder.display().to_string(), free_bytes, keep_bytes });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check_room;

    #[test]
    fn a_disk_is_not_filled() {
        let folder = tempfile::tempdir().expect("a folder");
        check_room(folder.path(), 0).expect("there is always nothing");
        let error = check_room(folder.path(), u64::MAX).expect_err("no disk is so large").to_string();
        assert!(error.contains("MiB are free on the disk of") && error.contains("free some"), "{error}");
    }
}
