//! What a command's argument names that may be a path or the name of something in the data directory.

use crate::failure::Failure;
use std::path::Path;

/// True for what can be nothing but a path: it has separators, or a file's ending.
fn is_path(what: &str) -> bool {
    // `omop-5.4` is a name.
    let ending = Path::new(what).extension().map(|ending| ending.to_string_lossy().into_owned());
    let is_file = ending.is_some_and(|ending| ending.starts_with(|c: char| c.is_ascii_alphabetic()));
    what.contains(['/', '\\']) || what.starts_with('.') || is_file
}

/// Refuses a path that is not there; what may be a name of a `kind` passes.
pub(super) fn must_be_there(what: &str, kind: &str) -> Result<(), Failure> {
    if Path::new(what).exists() || !is_path(what) {
        return Ok(());
    }
    let here = std::env::current_dir().map_or(String::new(), |here| format!(" (looked from {})", here.display()));
    Err(Failure::failed(format!("{what}: there is no such file or folder{here}: name one that is there, or a {kind}")))
}

/// Adds to why nothing of the name was found that no path has it either.
pub(super) fn neither(what: &str, kind: &str, failure: Failure) -> Failure {
    if Path::new(what).exists() {
        return failure;
    }
    let Failure { text, code } = failure;
    Failure {
        text: format!("{what}: there is no file or folder of this name here, and no {kind} was found: {text}"),
        code,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_is_not_there_is_told_as_such_and_a_name_may_be_one_of_a_source() {
        for path in ["nofolder/", "./nofolder", "x.csv", "/nowhere/at/all", "a\\b"] {
            let failure = must_be_there(path, "source").unwrap_err();
            assert!(failure.text.starts_with(&format!("{path}: there is no such file or folder")), "{}", failure.text);
        }
        assert!(
            must_be_there("clinic", "source").is_ok()
                && must_be_there("omop-5.4", "mapping").is_ok()
                && must_be_there(".", "source").is_ok()
        );
    }
}
