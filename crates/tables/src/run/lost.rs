//! Columns that a mapping reads and that came no more.

use super::runner::{PlannedTarget, is_same};
use crate::pull::PulledSheet;
use crate::said::Said;
use crate::said::warning::lost_column;
use std::sync::Arc;

/// What rows that came since have nothing in, though a target reads it: someone took a delivery without a column, and the mapping
/// was not changed.
pub(super) fn warnings(targets: &[PlannedTarget], sheets: &[Arc<PulledSheet>]) -> Vec<Said> {
    let read = |table: &str, column: &str| {
        let parts = targets.iter().flat_map(|target| &target.parts);
        let mut origins = parts.flat_map(|part| part.planned.columns()).flat_map(|column| &column.origins);
        origins.any(|origin| is_same(&origin.sheet, table) && is_same(&origin.column, column))
    };
    let lost = sheets.iter().flat_map(|sheet| sheet.lost().iter().map(move |column| (sheet.name(), column)));
    lost.filter(|(table, column)| read(table, column)).map(|(table, column)| lost_column(table, column)).collect()
}
