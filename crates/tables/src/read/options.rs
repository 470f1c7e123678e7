//! How a delivery and its tables are read.

use super::bounds::Bounds;
use super::charset::Charset;
use std::io::Write;
use std::path::PathBuf;

/// How a delivery is looked through.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// What may not be exceeded.
    pub bounds: Bounds,
    /// Where files are unpacked to that can only be read from a disk (a database in an archive, an archive in an archive); they
    /// have no name there, or one that is removed again. The system's folder of temporary files if none is given.
    pub scratch: Option<PathBuf>,
    /// Encoding of SQL dumps, which are read to know their tables. What a dump says of itself if none is given, else UTF-8.
    pub encoding: Option<Charset>,
    /// The encoding of names in zip archives that do not say theirs. Proposed by their bytes if none is given.
    pub names: Option<Charset>,
}

/// How a table is read. What is not given is taken from the file where it says so, or proposed and told in the notes.
pub struct TableOptions {
    /// Encoding of a text file. UTF-8 if none is given, and a file that is not is refused. A byte-order mark wins over it.
    pub encoding: Option<Charset>,
    /// What stands between the cells of a text file: one character or several.
    pub separator: Option<String>,
    /// What quotes the cells of a text file, an ASCII character; with none a quote is a character like any other.
    pub quote: Option<char>,
    /// The columns of a text file without a header line.
    pub columns: Option<Vec<String>>,
    /// Takes the unpacked bytes of a text file in their order, as they are read.
    pub tee: Option<Box<dyn Write + Send>>,
}

impl Default for TableOptions {
    fn default() -> Self {
        TableOptions { encoding: None, separator: None, quote: Some('"'), columns: None, tee: None }
    }
}
