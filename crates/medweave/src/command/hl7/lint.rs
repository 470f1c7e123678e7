//! `medweave hl7 lint`

use super::{name, options, read};
use crate::cli::{Hl7Lint, Level};
use crate::command::convert::zone;
use crate::command::say;
use crate::failure::Failure;
use ::hl7::lint::{self, Options, Severity};
use ::hl7::map::Settings;
use fhir::json::Tree;

pub(super) fn run(asked: &Hl7Lint) -> Result<(), Failure> {
    let settings = Settings { zone: zone(&asked.zone)?, ..Settings::new(&asked.source) };
    let options = Options { parse: options(asked.charset.as_deref())?, settings };
    let least = match asked.level {
        Level::Note => Severity::Note,
        Level::Warning => Severity::Warning,
        Level::Error => Severity::Error,
    };
    let all = [Severity::Error, Severity::Warning, Severity::Note];
    let mut counts = [0_usize; 3];
    let (mut messages, mut taken) = (0, 0);
    let mut files: Vec<Tree> = Vec::new();
    for file in &asked.files {
        let report = lint::lint_file(&read(file)?, &options);
        for (count, severity) in counts.iter_mut().zip(all) {
            *count += report.count(severity);
        }
        messages += report.messages.len();
        taken += report.taken();
        if asked.json {
            let mut told = Tree::from([("file", name(file).into())]);
            for (part, value) in report.json(least).members() {
                told.set(part, value.clone());
            }
            files.push(told);
        } else {
            say(&format!("{}\n{}", name(file), report.text(least).trim_end()))?;
        }
    }
    let [errors, warnings, notes] = counts;
    if asked.json {
        let number = |count: usize| Tree::Number(count.to_string());
        let whole = Tree::from([
            ("files", files.into()),
            ("count", number(messages)),
            ("taken", number(taken)),
            ("errors", number(errors)),
            ("warnings", number(warnings)),
            ("notes", number(notes)),
        ]);
        say(&whole.to_string())?;
    } else {
        let counted = |count: usize, of: &str| format!("{count} {of}{}", if count == 1 { "" } else { "s" });
        say(&format!(
            "{}, {taken} would be taken: {}, {}, {}",
            counted(messages, "message"),
            counted(errors, "error"),
            counted(warnings, "warning"),
            counted(notes, "note")
        ))?;
    }
    let is_good = errors == 0 && !(asked.strict && warnings > 0);
    if is_good { Ok(()) } else { Err(Failure::failed("")) }
}
