//! What can be typed about OMOP data and vocabularies.

use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Subcommand)]
pub(crate) enum Omop {
    /// Run the checks of OHDSI's Data Quality Dashboard: what is wrong, how much of how much, and whether that may be
    ///
    /// Over the tables `omop` of the store, with further checks of its FHIR tables (`fhir.…`), the run is kept for the page Quality
    /// and later runs; over a folder with --cdm it is not. Prints the checks that failed and how many there are of each kind. Exit
    /// codes: 0 the checks ran, whatever they found, 1 they could not, 2 called wrongly.
    ///
    /// Example: medweave omop check --only isForeignKey --only measurement
    Check(OmopCheck),
    /// Say how much may be wrong before a check of the store fails: list what was chosen, choose with a reason, go back
    ///
    /// Example: medweave omop thresholds
    Thresholds(OmopThresholds),
    /// Find who is in a cohort, and from when to when, by a definition as ATLAS writes it
    ///
    /// Among the persons of the store, or of a folder with --cdm. A definition that asks for something that is not understood here is
    /// refused by the path of that thing, and nothing is run.
    ///
    /// Example: medweave omop cohort diabetes.json --keep diabetes
    Cohort(OmopCohort),
    /// List the cohorts of the store that are kept, or remove one
    ///
    /// Their members are the rows of omop.cohort.
    ///
    /// Example: medweave omop cohorts
    Cohorts {
        /// Remove this one
        #[arg(long, value_name = "NAME")]
        remove: Option<String>,
        /// Print JSON
        #[arg(long, conflicts_with = "remove")]
        json: bool,
    },
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
    /// Check the tables of this folder, file or archive instead of the store's
    #[arg(long, value_name = "DIR")]
    pub(crate) cdm: Option<PathBuf>,
    /// Only these checks: a kind (isRequired), a table, a field (measurement.unit_concept_id), or the whole name of one; omop or
    /// fhir: those of the model's tables, or of FHIR's
    #[arg(long, value_name = "CHECK")]
    pub(crate) only: Vec<String>,
    /// Take the checks and thresholds from OHDSI's own files of another release
    #[arg(long, value_name = "DIR", requires = "cdm")]
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
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct OmopThresholds {
    #[command(subcommand)]
    pub(crate) act: Option<ThresholdAct>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Subcommand)]
pub(crate) enum ThresholdAct {
    /// Choose how many percent may be wrong before a check fails
    ///
    /// Example: medweave omop thresholds set fhir.birth-missing 5 --reason "newborns are registered later"
    Set {
        /// The whole name of the check
        check: String,
        /// From 0 to 100
        #[arg(value_name = "PERCENT")]
        threshold: f64,
        /// Why: those who see the result see it too
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Go back to what the definition says
    ///
    /// Example: medweave omop thresholds reset fhir.birth-missing --reason "they are registered at once now"
    Reset {
        /// The whole name of the check
        check: String,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Say what a check found in each run, and what was chosen for it
    ///
    /// Example: medweave omop thresholds show fhir.birth-missing
    Show {
        /// The whole name of the check
        check: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Args)]
pub(crate) struct OmopCohort {
    /// The definition, in JSON
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Look in the tables of this folder, file or archive instead of the store's
    #[arg(long, value_name = "DIR")]
    pub(crate) cdm: Option<PathBuf>,
    /// Keep it in the store under this name, in the place of one of the same name: its rows are then in omop.cohort
    #[arg(long, value_name = "NAME", conflicts_with = "cdm")]
    pub(crate) keep: Option<String>,
    /// The number of the cohort in the rows that are printed; one that is kept has its own
    #[arg(long, value_name = "ID", default_value_t = 1, conflicts_with = "keep")]
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
