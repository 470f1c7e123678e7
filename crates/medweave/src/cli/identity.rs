//! What can be typed about records of one person.

use clap::{Subcommand, ValueEnum};

#[derive(Subcommand)]
pub(crate) enum Identity {
    /// List pairs, those that agree most first
    ///
    /// Example: medweave identity list --state all
    List {
        /// Which ones
        #[arg(long, value_enum, default_value = "waiting")]
        state: LinkState,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show both records of a pair side by side, and how each part agrees
    ///
    /// Example: medweave identity show 8d0c7a52-3f0b-8c1e-9d55-0b6a5f0e7c11
    Show {
        /// The pair, as the list has it; its first four letters or more are enough
        pair: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Say that both are one person: both records go on, and know of each other
    ///
    /// Example: medweave identity same 8d0c7a52 --reason "shown the passport"
    Same {
        /// The pair
        pair: String,
        /// Why
        #[arg(long)]
        reason: Option<String>,
    },
    /// Say that they are two people: they are not asked about again
    ///
    /// Example: medweave identity different 8d0c7a52 --reason "cousins"
    Different {
        /// The pair
        pair: String,
        /// Why
        #[arg(long)]
        reason: Option<String>,
    },
    /// Have one record go on in the place of the other; both histories stay
    ///
    /// Example: medweave identity merge 8d0c7a52 --into 1f6b2c04
    Merge {
        /// The pair
        pair: String,
        /// The patient whose record goes on
        #[arg(long, value_name = "PATIENT")]
        into: String,
        /// Why
        #[arg(long)]
        reason: Option<String>,
    },
    /// Take back what was said last of a pair, also what a message merged
    ///
    /// Example: medweave identity undo 8d0c7a52
    Undo {
        /// The pair
        pair: String,
        /// Why
        #[arg(long)]
        reason: Option<String>,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum LinkState {
    /// Nobody has said what they are
    Waiting,
    /// One person, two records
    Same,
    /// Two people
    Different,
    /// One record in the place of the other
    Merged,
    /// All of them
    All,
}

impl LinkState {
    pub(crate) fn name(self) -> &'static str {
        match self {
            LinkState::Waiting => "waiting",
            LinkState::Same => "same",
            LinkState::Different => "different",
            LinkState::Merged => "merged",
            LinkState::All => "all",
        }
    }
}
