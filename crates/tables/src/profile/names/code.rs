//! Words of names: what tells rows and codes apart, and says what they mean.

/// A state of something.
pub const STATUS: &[&str] = &["status", "state of", "状态"];
/// The number of a row among its like.
pub const SEQUENCE: &[&str] = &["seq", "seq num", "sequence", "rank", "priority", "ordinal", "line", "序号", "顺序"];
/// Words of a report.
pub const NOTE: &[&str] = &[
    "note",
    "note text",
    "text",
    "report",
    "narrative",
    "comment",
    "comments",
    "bemerkung",
    "kommentar",
    "befund",
    "notiz",
    "病程",
    "文书",
    "备注",
    "报告",
];
/// A code.
pub const CODE: &[&str] = &[
    "code",
    "itemid",
    "item id",
    "item",
    "test",
    "testcode",
    "test code",
    "labname",
    "test name",
    "testname",
    "loinc",
    "concept",
    "analyte",
    "parameter",
    "analyse",
    "untersuchung",
    "laborwert",
    "项目编码",
    "项目代码",
    "编码",
    "代码",
    "项目",
];
/// What a code means.
pub const LABEL: &[&str] = &[
    "label",
    "description",
    "display",
    "long title",
    "short title",
    "name",
    "title",
    "desc",
    "bezeichnung",
    "名称",
    "描述",
    "中文名",
];
