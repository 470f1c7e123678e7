//! Two files of messages.

use super::{Change, Ignored, messages};
use crate::message::{Batch, Message, ParseOptions};
use fhir::json::Tree;
use std::fmt::Write as _;
use std::ops::Range;

/// One message of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Which of the file, from 1.
    pub number: usize,
    /// Message type and trigger event, as in `ADT^A01`.
    pub event: String,
    /// MSH-10.
    pub control_id: String,
    /// Its bytes in the file.
    pub span: Range<usize>,
}

/// Two messages that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// That of the first file.
    pub before: Told,
    /// That of the second.
    pub after: Told,
    /// In what they differ; places in bytes are those of the files.
    pub changes: Vec<Change>,
}

/// In what two files differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileDiff {
    /// Messages that both have.
    pub pairs: Vec<Pair>,
    /// Messages of the first file alone.
    pub only_before: Vec<Told>,
    /// Messages of the second file alone.
    pub only_after: Vec<Told>,
    /// What could not be compared: which file (1 or 2), which bytes of it, and why.
    pub unreadable: Vec<(u8, Range<usize>, String)>,
}

/// Compares two files. Messages are paired by their control ids (MSH-10), the others of one event in their order; two files of one message each
/// are compared as they are.
pub fn files(before: &[u8], after: &[u8], options: &ParseOptions, ignored: &[Ignored]) -> FileDiff {
    let mut diff = FileDiff::default();
    let (first, second) = (read(before, options, 1, &mut diff), read(after, options, 2, &mut diff));
    let mut partner: Vec<Option<usize>> = vec![None; first.len()];
    let mut is_taken = vec![false; second.len()];
    if first.len() == 1 && second.len() == 1 {
        partner[0] = Some(0);
        is_taken[0] = true;
    }
    let mut pair = |partner: &mut Vec<Option<usize>>, fits: &dyn Fn(&Told, &Told) -> bool| {
        for (at, (told, _)) in first.iter().enumerate().filter(|(at, _)| partner[*at].is_none()).collect::<Vec<_>>() {
            let other = (0..second.len()).find(|other| !is_taken[*other] && fits(told, &second[*other].0));
            if let Some(other) = other {
                partner[at] = Some(other);
                is_taken[other] = true;
            }
        }
    };
    pair(&mut partner, &|a, b| a.control_id == b.control_id && !a.control_id.is_empty());
    pair(&mut partner, &|a, b| a.event == b.event);
    for (at, (told, message)) in first.iter().enumerate() {
        let Some(other) = partner[at] else {
            diff.only_before.push(told.clone());
            continue;
        };
        let (after, other) = &second[other];
        let mut changes = messages(message, other, ignored);
        for change in &mut changes {
            for (side, base) in [(&mut change.before, told.span.start), (&mut change.after, after.span.start)] {
                if let Some(side) = side {
                    side.span = side.span.start + base..side.span.end + base;
                }
            }
        }
        diff.pairs.push(Pair { before: told.clone(), after: after.clone(), changes });
    }
    diff.only_after =
        second.iter().zip(&is_taken).filter(|(_, taken)| !**taken).map(|((told, _), _)| told.clone()).collect();
    diff
}

fn read<'b>(bytes: &'b [u8], options: &ParseOptions, file: u8, diff: &mut FileDiff) -> Vec<(Told, Message<'b>)> {
    let batch = Batch::split(bytes);
    if batch.messages.is_empty() {
        diff.unreadable.push((file, 0..bytes.len(), "no HL7 v2 message is in it: messages begin with MSH".to_owned()));
    }
    let mut read = Vec::new();
    for (at, span) in batch.messages.into_iter().enumerate() {
        match Message::parse(&bytes[span.clone()], options) {
            Ok(message) => {
                let (kind, trigger) = message.event();
                let control_id = message.header().field(10).text().trim().to_owned();
                read.push((Told { number: at + 1, event: format!("{kind}^{trigger}"), control_id, span }, message));
            }
            Err(error) => diff.unreadable.push((file, span, error.to_string())),
        }
    }
    read
}

impl Told {
    fn name(&self) -> String {
        format!("message {} ({} {})", self.number, self.event, self.control_id)
    }

    fn json(&self) -> Tree {
        let number = |value: usize| Tree::Number(value.to_string());
        Tree::from([
            ("number", number(self.number)),
            ("event", self.event.as_str().into()),
            ("control_id", self.control_id.as_str().into()),
            ("offset", number(self.span.start)),
            ("length", number(self.span.len())),
        ])
    }
}

impl FileDiff {
    /// True if nothing differs.
    pub fn is_same(&self) -> bool {
        let has_none = self.pairs.iter().all(|pair| pair.changes.is_empty());
        has_none && self.only_before.is_empty() && self.only_after.is_empty() && self.unreadable.is_empty()
    }

    /// Lines for people: each pair that differs with its differences, then what only one of the files has. `names` are those of the files.
    pub fn text(&self, names: [&str; 2]) -> String {
        let mut out = String::new();
        for pair in self.pairs.iter().filter(|pair| !pair.changes.is_empty()) {
            let (before, after) = (pair.before.name(), pair.after.name());
            let other = if before == after { String::new() } else { format!(" and {after} of {}", names[1]) };
            let count = pair.changes.len();
            let differences = if count == 1 { "1 difference".to_owned() } else { format!("{count} differences") };
            let _ = writeln!(out, "{before}{other}: {differences}");
            for change in &pair.changes {
                let _ = writeln!(out, "  {change}");
            }
        }
        for (told, name) in [(&self.only_before, names[0]), (&self.only_after, names[1])] {
            for one in told {
                let _ = writeln!(out, "{} is in {name} alone", one.name());
            }
        }
        for (file, span, why) in &self.unreadable {
            let name = names[usize::from(*file == 2)];
            let _ = writeln!(out, "{name}, bytes {}..{}: {why}", span.start, span.end);
        }
        let same = self.pairs.iter().filter(|pair| pair.changes.is_empty()).count();
        if same > 0 {
            let _ = writeln!(out, "{same} of {} pairs of messages are the same", self.pairs.len());
        }
        out
    }

    /// The same as JSON.
    pub fn json(&self) -> Tree {
        let pair = |pair: &Pair| {
            let changes: Vec<Tree> = pair.changes.iter().map(Change::json).collect();
            Tree::from([("before", pair.before.json()), ("after", pair.after.json()), ("changes", changes.into())])
        };
        let number = |value: usize| Tree::Number(value.to_string());
        let unreadable = |(file, span, why): &(u8, Range<usize>, String)| {
            Tree::from([
                ("file", number(usize::from(*file))),
                ("offset", number(span.start)),
                ("length", number(span.len())),
                ("text", why.as_str().into()),
            ])
        };
        let told = |all: &[Told]| all.iter().map(Told::json).collect::<Vec<Tree>>().into();
        Tree::from([
            ("same", self.is_same().into()),
            ("pairs", self.pairs.iter().map(pair).collect::<Vec<Tree>>().into()),
            ("only_before", told(&self.only_before)),
            ("only_after", told(&self.only_after)),
            ("unreadable", self.unreadable.iter().map(unreadable).collect::<Vec<Tree>>().into()),
        ])
    }
}
