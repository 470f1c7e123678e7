//! What can be typed about what comes in: files, and what could not be taken.

use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Convert {
    #[command(subcommand)]
    pub(crate) other: Option<ConvertCommand>,
    /// Files of HL7 v2 messages (a file called ccda is written ./ccda)
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Write NAME.json to this folder for FILE NAME.hl7, and NAME-2.json for its second message, instead of printing
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Who sends: part of the identity of what names no authority
    #[arg(long, value_name = "NAME", default_value = "import")]
    pub(crate) source: String,
    /// Zone of times without one, an IANA name
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    pub(crate) zone: String,
    /// Character set of messages that name none, as in MSH-18
    #[arg(long, value_name = "NAME")]
    pub(crate) charset: Option<String>,
}

#[derive(Subcommand)]
pub(crate) enum ConvertCommand {
    /// Print the FHIR bundles that C-CDA documents (R1.1, R2.1, C32) would become; store nothing
    ///
    /// One line of JSON a document. Entries that are not mapped, with what they are, where they stand and why, and whatever was odd
    /// are said on the error stream; their text is in the sections of the Composition.
    ///
    /// Exit codes: 0 every document was converted, 1 one was not, 2 called wrongly.
    ///
    /// Example: medweave convert ccda *.xml --out bundles/ --origins
    Ccda(ConvertCcda),
}

#[derive(Args)]
pub(crate) struct ConvertCcda {
    /// Clinical documents
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Write NAME.json to this folder for FILE NAME.xml, instead of printing
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Write beside it NAME.origins.json: for each element of each resource the XPath and bytes that it comes from
    #[arg(long, requires = "out")]
    pub(crate) origins: bool,
    /// Who sends: part of the identity of what the document makes
    #[arg(long, value_name = "NAME", default_value = "import")]
    pub(crate) source: String,
    /// Zone of times without one, where the document has none either; an IANA name
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    pub(crate) zone: String,
}

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Import {
    #[command(subcommand)]
    pub(crate) other: Option<ImportCommand>,
    /// Files and folders (a file called undo is written ./undo)
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Print one JSON object instead of text: stored, unchanged, arrivals, issues, seconds
    #[arg(long)]
    pub(crate) json: bool,
    /// Check everything and store nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Who sends this: ids of resources without one are derived from it
    #[arg(long, value_name = "NAME", default_value = "import")]
    pub(crate) source: String,
    /// Leave the SQL tables alone meanwhile: they are filled when they are next used
    #[arg(long)]
    pub(crate) no_lake: bool,
}

#[derive(Subcommand)]
pub(crate) enum ImportCommand {
    /// Take back what a file wrote, leaving its history
    ///
    /// What it created is deleted, what it changed has its earlier content again, as new versions. What others changed since is
    /// left as it is, and listed.
    ///
    /// Example: medweave import undo 7 --dry-run
    Undo(Undo),
}

#[derive(Args)]
pub(crate) struct Undo {
    /// The number of an arrival: of the whole file, or of any part of it
    pub(crate) arrival: i64,
    /// Only this arrival: one message of many, one member of an archive
    #[arg(long)]
    pub(crate) alone: bool,
    /// Say what would be taken back and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Subcommand)]
pub(crate) enum Deadletter {
    /// List dead letters, newest first
    ///
    /// Example: medweave deadletter list --state all
    List {
        /// Which ones
        #[arg(long, value_enum, default_value = "open")]
        state: LetterState,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show a dead letter: what is wrong, where, and its bytes
    ///
    /// With --raw the bytes alone, as they came: correct them in a file and replay it.
    ///
    /// Example: medweave deadletter show 7 --raw > letter.json
    Show {
        /// Its number
        no: i64,
        /// The bytes and nothing else
        #[arg(long)]
        raw: bool,
    },
    /// Keep a corrected copy beside a dead letter, and say whether it would be taken
    ///
    /// Without --with it opens in $VISUAL or $EDITOR, as it was corrected last or as it came; a row that could not be read with the text that
    /// came, cut into its cells as far as that can be done. The letter's own bytes stay.
    ///
    /// A row of a hospital's table is corrected by its cells, with a reason; null is a cell without a value. Cells that are not named stay;
    /// of a row that could not be read all are named:
    /// {"reason": "typed wrong", "cells": {"value": "4.2", "unit": null}}
    ///
    /// Example: medweave deadletter correct 7 --with letter.hl7
    ///
    /// Example, a row: medweave deadletter correct 8 --with cells.json
    Correct {
        /// Its number
        no: i64,
        /// A file with the corrected content; of a row {"reason": "…", "cells": {"COLUMN": "TEXT or null"}}
        #[arg(long = "with", value_name = "FILE")]
        corrected: Option<PathBuf>,
    },
    /// Take a dead letter after all, as it was corrected last or as it came
    ///
    /// Example: medweave deadletter replay 7 --alike
    Replay {
        /// Its number
        no: i64,
        /// A file with the corrected content; of a row {"reason": "…", "cells": {"COLUMN": "TEXT or null"}}
        #[arg(long = "with", value_name = "FILE")]
        corrected: Option<PathBuf>,
        /// All open ones of the same source with the same fault too, as when the source's settings were the cause
        #[arg(long, conflicts_with = "corrected")]
        alike: bool,
    },
    /// Close a dead letter that is not needed
    ///
    /// Example: medweave deadletter discard 7 --reason 'a test message'
    Discard {
        /// Its number
        no: i64,
        /// Why; it is kept
        #[arg(long)]
        reason: String,
        /// All open ones of the same source with the same fault too
        #[arg(long)]
        alike: bool,
    },
}

/// States of dead letters that a list may be limited to.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum LetterState {
    Open,
    Replayed,
    Discarded,
    All,
}

impl LetterState {
    /// Its name in requests.
    pub(crate) fn name(self) -> &'static str {
        match self {
            LetterState::Open => "open",
            LetterState::Replayed => "replayed",
            LetterState::Discarded => "discarded",
            LetterState::All => "all",
        }
    }
}
