//! What can be typed about OMOP data and vocabularies.

use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Subcommand)]
pub(crate) enum Omop {
    /// Run the checks of OHDSI's Data Quality Dashboard: what is wrong, how much of how much, and whether that may be
    ///
    /// Prints the checks that failed and how many there are of each kind. Exit codes: 0 the checks ran, whatever they found, 1 they
    /// could not, 2 called wrongly.
    ///
    /// Example: medweave omop check --cdm omop/ --only isForeignKey --only measurement
    Check(OmopCheck),
    /// Find who is in a cohort, and from when to when, by a definition as ATLAS writes it
    ///
    /// A definition that asks for something that is not understood here is refused by the path of that thing, and nothing is run.
    ///
    /// Example: medweave omop cohort diabetes.json --cdm omop/
    Cohort(OmopCohort),
    /// Write the OMOP tables of the store into a folder, all as they are at one moment, with a record of the run
    ///
    /// The folder must be empty or hold an earlier export, which is renewed. Says what was left out and why.
    ///
    /// Example: medweave omop export omop-out --format parquet
    Export(OmopExport),
}

#[derive(Args)]
pub(crate) struct OmopExport {
    /// The folder
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// parquet, csv, or duckdb: Parquet and what loads it into a database
    #[arg(long, default_value = "parquet", value_name = "FORMAT", value_parser = ["parquet", "csv", "duckdb"])]
    pub(crate) format: String,
    /// Print the record of the run as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct OmopCheck {
    /// The folder, file or archive with the tables
    #[arg(long, value_name = "DIR")]
    pub(crate) cdm: PathBuf,
    /// Only these checks: a kind (isRequired), a table, a field (measurement.unit_concept_id), or the whole name of one
    #[arg(long, value_name = "CHECK")]
    pub(crate) only: Vec<String>,
    /// Take the checks and thresholds from OHDSI's own files of another release
    #[arg(long, value_name = "DIR")]
    pub(crate) definitions: Option<PathBuf>,
    /// Print all checks, not only those that failed
    #[arg(long)]
    pub(crate) all: bool,
    /// List the rows that a check finds wrong, instead of running any
    #[arg(long, value_name = "CHECK", conflicts_with_all = ["only", "all"])]
    pub(crate) rows: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct OmopCohort {
    /// The definition, in JSON
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The folder, file or archive with the tables
    #[arg(long, value_name = "DIR")]
    pub(crate) cdm: PathBuf,
    /// The number of the cohort in the rows that are printed
    #[arg(long, value_name = "ID", default_value_t = 1)]
    pub(crate) id: i64,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Subcommand)]
pub(crate) enum Vocabulary {
    /// Load a download of Athena: it takes the place of what is loaded, when all of it is on disk
    ///
    /// Says the version, what is in it, and which vocabularies need a licence of whoever uses them.
    ///
    /// Example: medweave vocabulary load vocabulary_download_v5.zip
    Load {
        /// The archive, or a folder with its files
        path: PathBuf,
        /// Make no index of names: faster and smaller, and nothing can be searched
        #[arg(long)]
        no_search: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Say which vocabularies are loaded, of which version, and what they need
    ///
    /// Example: medweave vocabulary list
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Find concepts by name or synonym, also misspelt
    ///
    /// Example: medweave vocabulary search "diabetis type 2" --vocabulary SNOMED
    Search {
        /// Words of the name
        text: String,
        /// Only this vocabulary
        #[arg(long, value_name = "ID")]
        vocabulary: Option<String>,
        /// Only this domain
        #[arg(long, value_name = "ID")]
        domain: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Remove the vocabularies
    ///
    /// Example: medweave vocabulary remove
    Remove,
}
