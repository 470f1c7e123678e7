//! The grammar of element paths: `name[1].given[0]`, `value.Quantity`, `component[].code`, `extension('URL').valueString`.

use crate::mapping::Place;

/// Steps that a path may have.
const STEPS_MAX: usize = 16;
/// The largest index: more entries than this come from rows, not from aliases.
const INDEX_MAX: u32 = 999;

/// An element path as it was written. No steps: the alias `.`, which stands for the entry itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// Its steps.
    pub steps: Vec<Step>,
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The element's name, or a type of a choice.
    pub name: String,
    /// In `extension('URL')`.
    pub url: Option<String>,
    /// Which of the entries.
    pub index: Index,
    /// Where it begins.
    pub place: Place,
}

/// Which entry of a repeating element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Index {
    /// Not said: the first, or the only one.
    None,
    /// `[n]`, from 0.
    At(u32),
    /// `[]`: one for each row of a group.
    Each,
}

/// What is wrong with a path, and where.
pub type PathError = (Place, String);

impl Path {
    /// Reads a path that begins at `place`.
    ///
    /// # Errors
    /// What is wrong and where.
    pub fn parse(text: &str, place: Place) -> Result<Path, PathError> {
        if text.trim() == "." {
            return Ok(Path { steps: Vec::new() });
        }
        let mut reader = Reader { text, at: 0, place };
        let mut steps = vec![reader.step()?];
        while !reader.rest().is_empty() {
            if !reader.take('.') {
                return Err(reader.error(format!("`{}` cannot follow here", reader.shown())));
            }
            if steps.len() == STEPS_MAX {
                return Err(reader.error(format!("a path has at most {STEPS_MAX} steps")));
            }
            steps.push(reader.step()?);
        }
        Ok(Path { steps })
    }

    /// True if one of its steps is for each row of a group.
    pub fn has_each(&self) -> bool {
        self.steps.iter().any(|step| step.index == Index::Each)
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    place: Place,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    /// The beginning of what is left, for a message.
    fn shown(&self) -> String {
        self.rest().chars().take(12).collect()
    }

    fn here(&self) -> Place {
        self.place.after(self.text[..self.at].chars().count())
    }

    fn error(&self, message: String) -> PathError {
        (self.here(), message)
    }

    fn take(&mut self, c: char) -> bool {
        let there = self.rest().starts_with(c);
        if there {
            self.at += c.len_utf8();
        }
        there
    }

    fn step(&mut self) -> Result<Step, PathError> {
        let place = self.here();
        let name: &str = self.rest();
        let end = name.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-')).unwrap_or(name.len());
        let name = &name[..end];
        if name.is_empty() {
            let message = match self.shown() {
                shown if shown.is_empty() => "an element name is missing".to_owned(),
                shown => format!("`{shown}` is no element name"),
            };
            return Err(self.error(message));
        }
        self.at += end;
        let url = if self.take('(') { Some(self.url()?) } else { None };
        let index = self.index()?;
        Ok(Step { name: name.to_owned(), url, index, place })
    }

    /// After the bracket: `'URL')`, in which two quotes stand for one.
    fn url(&mut self) -> Result<String, PathError> {
        if !self.take('\'') {
            return Err(self.error("write the address in single quotes: extension('http://…')".to_owned()));
        }
        let mut url = String::new();
        loop {
            let Some(quote) = self.rest().find('\'') else {
                return Err(self.error("the quote after the address is missing".to_owned()));
            };
            url.push_str(&self.rest()[..quote]);
            self.at += quote + 1;
            if !self.take('\'') {
                break;
            }
            url.push('\'');
        }
        if !self.take(')') {
            return Err(self.error("`)` is missing after the address".to_owned()));
        }
        if !fhir::primitive::is_uri(&url) {
            return Err(self.error(format!("`{url}` is no address of an extension")));
        }
        Ok(url)
    }

    fn index(&mut self) -> Result<Index, PathError> {
        if !self.take('[') {
            return Ok(Index::None);
        }
        let digits = self.rest().find(|c: char| !c.is_ascii_digit()).unwrap_or(self.rest().len());
        let number = &self.rest()[..digits];
        let index = if number.is_empty() {
            Index::Each
        } else {
            match number.parse() {
                Ok(number) if number <= INDEX_MAX => Index::At(number),
                _ => return Err(self.error(format!("an index is at most {INDEX_MAX}"))),
            }
        };
        self.at += digits;
        if self.take(']') {
            return Ok(index);
        }
        let message = if self.rest().starts_with('x') {
            "name the type in the place of [x]: value.Quantity or valueQuantity".to_owned()
        } else {
            "in brackets stands a number, or nothing for each row of a group".to_owned()
        };
        Err(self.error(message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let shown = match Path::parse(text, Place { line: 1, column: 1 }) {
            Ok(path) => path
                .steps
                .iter()
                .map(|s| {
                    format!("{}{}{:?}", s.name, s.url.as_deref().map(|u| format!("<{u}>")).unwrap_or_default(), s.index)
                })
                .collect::<Vec<_>>()
                .join(" "),
            Err((place, message)) => format!("{}: {message}", place.column),
        };
        assert_eq!(shown, expected, "{text}");
    }

    #[test]
    fn paths_have_names_indices_and_addresses() {
        check("status", "statusNone");
        check("name[1].given[0]", "nameAt(1) givenAt(0)");
        check("component[].value.Quantity", "componentEach valueNone QuantityNone");
        check("extension('http://a.b/c''d').valueString", "extension<http://a.b/c'd>None valueStringNone");
        check("extension('http://a')[1].url", "extension<http://a>At(1) urlNone");
        check(".", "");
    }

    #[test]
    fn what_is_no_path_is_told_with_its_place() {
        check("", "1: an element name is missing");
        check("a..b", "3: `.b` is no element name");
        check("value[x]", "7: name the type in the place of [x]: value.Quantity or valueQuantity");
        check("a[-1]", "3: in brackets stands a number, or nothing for each row of a group");
        check("a[1000]", "3: an index is at most 999");
        check("a b", "2: ` b` cannot follow here");
        check("extension(http://a)", "11: write the address in single quotes: extension('http://…')");
        check("extension('http://a", "12: the quote after the address is missing");
        check(&vec!["a"; 17].join("."), "33: a path has at most 16 steps");
    }
}
