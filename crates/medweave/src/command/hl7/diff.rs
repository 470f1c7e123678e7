//! `medweave hl7 diff`

use super::{is_input, name, options, read};
use crate::cli::Hl7Diff;
use crate::command::say;
use crate::failure::Failure;
use ::hl7::diff;

pub(super) fn run(asked: &Hl7Diff) -> Result<(), Failure> {
    if is_input(&asked.before) && is_input(&asked.after) {
        return Err(Failure::usage("both are standard input: name a file for one of them"));
    }
    let options = options(asked.charset.as_deref())?;
    let (before, after) = (read(&asked.before)?, read(&asked.after)?);
    let told = diff::files(&before, &after, &options, &asked.ignore);
    if asked.json {
        say(&told.json().to_string())?;
    } else {
        say(told.text([&name(&asked.before), &name(&asked.after)]).trim_end())?;
    }
    if told.is_same() { Ok(()) } else { Err(Failure::failed("")) }
}
