//! What an editor asks of a mapping while it is written: what can stand where the cursor is.
//!
//! Texts that are being written are seldom whole, so nothing here needs them to be: words are cut (`words.rs`), the clause and the
//! call around the cursor are found (`place.rs`), and what fits there is offered (`offer.rs`): paths of elements, columns, tables,
//! functions, directives, codes, maps, targets.

mod offer;
mod place;
#[cfg(test)]
mod tests;
mod words;

pub use offer::complete_at;
pub use words::name_in_sql;

/// A table of the source, as far as an editor must know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableColumns {
    /// Its name.
    pub name: String,
    /// Its columns.
    pub columns: Vec<String>,
}

/// What can stand at a place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offers {
    /// The first column of the line that is replaced, in characters from 1.
    pub from: u32,
    /// The column behind the last one that is replaced.
    pub to: u32,
    /// What it may be replaced by.
    pub items: Vec<Offer>,
}

/// Something that can stand at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// What is shown.
    pub label: String,
    /// What is inserted.
    pub insert: String,
    /// What it is.
    pub kind: OfferKind,
    /// Its type, its usage, where it is from.
    pub detail: Option<String>,
    /// Sentences about it.
    pub help: Option<String>,
}

/// What an offer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OfferKind {
    /// An element path.
    Path,
    /// A column of a table or view.
    Column,
    /// A table of the source.
    Table,
    /// A helper view.
    View,
    /// A mapping function.
    Function,
    /// A directive.
    Directive,
    /// A resource type.
    Type,
    /// A code of a value set.
    Code,
    /// The address of a code system.
    System,
    /// A code map or unit map.
    Map,
    /// A target of the mapping.
    Target,
    /// A word of SQL, or of a directive.
    Keyword,
}

impl OfferKind {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            OfferKind::Path => "path",
            OfferKind::Column => "column",
            OfferKind::Table => "table",
            OfferKind::View => "view",
            OfferKind::Function => "function",
            OfferKind::Directive => "directive",
            OfferKind::Type => "type",
            OfferKind::Code => "code",
            OfferKind::System => "system",
            OfferKind::Map => "map",
            OfferKind::Target => "target",
            OfferKind::Keyword => "keyword",
        }
    }
}
