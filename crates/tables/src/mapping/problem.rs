//! What is wrong with a mapping, with its place.

use std::fmt;

/// Where something stands in a file. Lines and columns count from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Line.
    pub line: u32,
    /// Column.
    pub column: u32,
}

impl Place {
    /// Where a file begins.
    pub const START: Place = Place { line: 1, column: 1 };

    /// A place in the same line, so many characters further.
    pub fn after(self, characters: usize) -> Place {
        Place { line: self.line, column: self.column + characters as u32 }
    }

    /// Where a byte of a text stands.
    pub fn of_byte(text: &str, at: usize) -> Place {
        let mut at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        let before = &text[..at];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Place {
            line: before.bytes().filter(|b| *b == b'\n').count() as u32 + 1,
            column: before[line_start..].chars().count() as u32 + 1,
        }
    }
}

/// One thing that is wrong with a mapping: it does not run until this is mended.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file, as it was named to [`Mapping::parse`](super::Mapping::parse).
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Problem {}

/// No more problems than this are listed: who has more has one cause for many.
const PROBLEMS_MAX: usize = 500;

/// Problems of one file, as they are found.
#[derive(Debug)]
pub struct Problems<'a> {
    file: &'a str,
    found: &'a mut Vec<Problem>,
}

impl<'a> Problems<'a> {
    /// Puts what is found in `file` into `found`.
    pub fn new(file: &'a str, found: &'a mut Vec<Problem>) -> Self {
        Problems { file, found }
    }

    /// Adds a problem.
    pub fn add(&mut self, place: Place, message: impl Into<String>) {
        self.push(place, message.into(), None);
    }

    /// Adds a problem and what to do about it.
    pub fn hint(&mut self, place: Place, message: impl Into<String>, hint: impl Into<Option<String>>) {
        self.push(place, message.into(), hint.into());
    }

    fn push(&mut self, place: Place, message: String, hint: Option<String>) {
        if self.found.len() < PROBLEMS_MAX {
            let (line, column) = (place.line, place.column);
            self.found.push(Problem { file: self.file.to_owned(), line, column, message, hint });
        }
    }

    /// How many there are, of all files.
    pub fn count(&self) -> usize {
        self.found.len()
    }
}

/// In the order of files, lines and columns; what was found twice at one place once.
pub fn in_order(mut problems: Vec<Problem>) -> Vec<Problem> {
    problems.sort();
    problems.dedup();
    problems
}
