//! What can be typed.

mod access;
mod backup;
mod hl7;
mod identity;
mod intake;
mod omop;
mod tables;

pub(crate) use self::access::{Role, Token, User};
pub(crate) use self::backup::{Backup, BackupCommand, BackupList, Restore};
pub(crate) use self::hl7::{Destination, Hl7, Hl7Diff, Hl7Lint, Hl7Send, Level};
pub(crate) use self::identity::Identity;
pub(crate) use self::intake::{Convert, ConvertCcda, ConvertCommand, Deadletter, Import, ImportCommand, Undo};
pub(crate) use self::omop::{Omop, OmopCheck, OmopCohort, OmopExport, OmopThresholds, ThresholdAct, Vocabulary};
pub(crate) use self::tables::{Codes, Mapping, Source};

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Keeps what a hospital produces - FHIR, HL7 v2 - as it came, and as one FHIR store.
///
/// Everything lives in one data directory. A command opens it, or talks to the program that has it open.
///
/// To begin: `medweave demo` shows it on invented patients; `medweave import FOLDER` loads files; `medweave serve` gives pages
/// and interfaces. `medweave COMMAND --help` explains a command.
///
/// Exit codes: 0 done, 1 it could not be done or not all of it, 2 called wrongly, 130 interrupted.
#[derive(Parser)]
#[command(name = "medweave", version, propagate_version = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    /// The data directory [default: ./medweave-data] [env: MEDWEAVE_DATA]
    #[arg(long, global = true, value_name = "DIR", display_order = 100)]
    pub(crate) data: Option<PathBuf>,
    /// A file of settings, TOML; names as the long flags [default: ./medweave.toml if it is there] [env: MEDWEAVE_CONFIG]
    #[arg(long, global = true, value_name = "FILE", display_order = 101)]
    pub(crate) config: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Serve the FHIR API, our own API and the pages over HTTP, and take HL7 v2 messages over MLLP
    ///
    /// Goes on until Ctrl-C or SIGTERM; what has begun is finished then, and asked once more it ends at once. The first start prints
    /// a link that makes the first account.
    ///
    /// Example: medweave serve
    ///
    /// Example: medweave serve --http 0.0.0.0:443 --tls-cert chain.pem --tls-key key.pem --mllp 127.0.0.1:2575
    Serve(Serve),
    /// Show medweave with a synthetic hospital that goes on while one looks
    ///
    /// Everything is in a temporary directory and goes when the program ends, by Ctrl-C. HL7 v2 messages come over MLLP, FHIR over HTTP.
    /// Open the link that is printed.
    ///
    /// Example: medweave demo --speed 60
    Demo(Demo),
    /// Print the FHIR bundles that HL7 v2 messages or C-CDA documents would become; store nothing
    ///
    /// One line of JSON a message. What was odd and what no rule took is said on the error stream.
    ///
    /// Example: medweave convert adt.hl7 --out bundles/, medweave convert ccda discharge.xml
    Convert(Convert),
    /// Check, compare and send HL7 v2 messages: tools for whoever connects systems
    ///
    /// Nothing is stored and no data directory is needed.
    ///
    /// Example: medweave hl7 lint adt.hl7
    #[command(subcommand)]
    Hl7(Hl7),
    /// Load files: bundles, NDJSON, single resources, HL7 v2 messages, plain or packed
    ///
    /// Files are known by content; folders are walked in the order of their names. Loading the same again stores nothing;
    /// interrupted, call it again. What cannot be taken is kept as a dead letter (medweave deadletter list) and stops nothing else.
    ///
    /// Exit codes: 0 everything was taken, 1 something was not (or the import could not go on), 2 called wrongly, 130 stopped by
    /// Ctrl-C.
    ///
    /// Example: medweave import ~/bundles --json
    Import(Import),
    /// Write everything to NDJSON files, one per resource type
    ///
    /// Current versions, as they are given out over HTTP; `medweave import` reads them back.
    ///
    /// Example: medweave export --to backup/ --gzip
    Export(Export),
    /// Make, list and revoke tokens for programs
    ///
    /// A program shows its token with each request (`Authorization: Bearer TOKEN`); the token's scopes say what it may do.
    ///
    /// Example: medweave token create --scope 'system/*.rs' --name dashboard
    #[command(subcommand)]
    Token(Token),
    /// Make and list accounts for people
    ///
    /// People sign in to the pages by name and password, or by a link that is made for them.
    ///
    /// Example: printf %s "$PASSWORD" | medweave user create ada --role clinician --password-stdin
    #[command(subcommand)]
    User(User),
    /// Add, pull, list and remove sources: addresses that messages may come from, and places where tables are
    ///
    /// Example: medweave source allow 10.1.2.3 --name lab --zone Europe/Berlin
    #[command(subcommand)]
    Source(Source),
    /// Check and run mappings: SQL that makes FHIR of a source's tables
    ///
    /// A mapping is a folder of SQL whose column names are FHIR elements. Some come with the program: `medweave mapping list`. A run
    /// stores nothing unless `--write` is given: it says what would be made, what would be refused, and why.
    ///
    /// Example: medweave mapping run clinic --write
    #[command(subcommand)]
    Mapping(Mapping),
    /// Codes and units that no map of a source knows, and what people approve for them
    ///
    /// Example: medweave codes list clinic
    #[command(subcommand)]
    Codes(Codes),
    /// Check the quality of OMOP data, and find cohorts in it
    ///
    /// An instance of the OMOP Common Data Model 5.4 in a folder: its tables as CSV, Parquet or other files that are named like them.
    ///
    /// Example: medweave omop check --cdm omop/
    #[command(subcommand)]
    Omop(Omop),
    /// Load, list, search and remove the vocabularies of OMOP, as OHDSI's Athena gives them
    ///
    /// Nothing comes with the program: choose vocabularies at https://athena.ohdsi.org, download them, and load the archive as it is.
    ///
    /// Example: medweave vocabulary load vocabulary_download_v5.zip
    #[command(subcommand)]
    Vocabulary(Vocabulary),
    /// List, show, correct, replay and discard what came in and could not be taken
    ///
    /// A dead letter holds it as it came: a message, a line, a file. It waits until somebody corrects it and has it taken after all,
    /// or says why it is not needed.
    ///
    /// Example: medweave deadletter list
    #[command(subcommand)]
    Deadletter(Deadletter),
    /// List records of patients that may be of one person, and say what they are
    ///
    /// While `medweave serve` runs, each patient that comes or changes is compared with those that share a number, a telephone, or a birth
    /// date and the letters of a name. A pair that agrees enough waits here; nothing is changed in either record until somebody says so, and
    /// whatever was said can be taken back.
    ///
    /// Example: medweave identity list
    #[command(subcommand)]
    Identity(Identity),
    /// Ask a question in SQL over all records
    ///
    /// It only reads: nothing can be changed by a query.
    ///
    /// `SHOW TABLES` lists the tables, `DESCRIBE patient` what their columns mean.
    ///
    /// Example: medweave sql "SELECT gender, count(*) FROM patient GROUP BY gender"
    Sql(Sql),
    /// Write the files of the SQL tables, make them again from the records, or say how far they are
    ///
    /// The lake is the tables that `medweave sql` asks and that other programs (DuckDB, Polars, Spark) read. It follows the records by
    /// itself and can be deleted at any time.
    ///
    /// Example: medweave lake flush
    #[command(subcommand)]
    Lake(Lake),
    /// Say what is in the data directory, how large it is, and what waits
    ///
    /// Example: medweave status
    Status(Status),
    /// Measure what this machine and its disk give, on a synthetic load
    ///
    /// Makes the files of synthetic hospitals, loads them, reads, searches, writes and asks SQL; prints a figure a line. Everything
    /// is in a temporary directory and goes when it ends.
    ///
    /// Example: medweave bench --on /srv --hospitals 500
    Bench(Bench),
    /// Check that a data directory is whole, and say what to do about what is not
    ///
    /// Reads everything and changes nothing, beside a running program too: the feed has no gap, every version leads to the
    /// bytes it came from and those are unchanged, the index agrees with the records, the audit is what was sealed, nobody
    /// else may read the files. Faults give exit code 1; notes are what a crash leaves and the next start tidies.
    ///
    /// Example: medweave doctor --sample 10000
    Doctor(Doctor),
    /// Copy the data directory, also while a program serves it: encrypted with age, and only what is new since the last copy
    ///
    /// A copy is what a power cut at that moment would have left. Who takes copies needs the recipient alone; the key that opens them is
    /// kept elsewhere. `medweave serve --backup-to DIR` takes one every half minute by itself.
    ///
    /// Example: medweave backup new-key hospital.key
    ///
    /// Example: medweave backup --to /mnt/copies --recipient age1…
    Backup(Backup),
    /// Make a data directory of a copy, or try whether that works
    ///
    /// The directory that --data names must be new or empty. Each file is compared with what was copied.
    ///
    /// Example: medweave restore --from /mnt/copies --key hospital.key --drill
    ///
    /// Example: medweave --data ./again restore --from /mnt/copies --key hospital.key --at 2026-11-26
    Restore(Restore),
    /// Print completions of commands and flags for a shell
    ///
    /// Example: medweave completions bash > ~/.local/share/bash-completion/completions/medweave
    Completions(Completions),
    /// Write manual pages, one a command
    ///
    /// Example: medweave man --to ~/.local/share/man/man1
    Man(Man),
}

#[derive(Args)]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Args)]
pub(crate) struct Man {
    /// The folder to write to; it is made if it is not there
    #[arg(long, value_name = "DIR", default_value = "man1")]
    pub(crate) to: PathBuf,
}

#[derive(Args)]
pub(crate) struct Serve {
    /// Where HTTP is served; port 0 takes a free one [default: 127.0.0.1:8400] [env: MEDWEAVE_HTTP]
    #[arg(long, value_name = "ADDR", value_parser = crate::settings::address)]
    pub(crate) http: Option<SocketAddr>,
    /// Where HL7 v2 messages are taken, MLLP; beyond this machine under TLS [env: MEDWEAVE_MLLP]
    #[arg(long, value_name = "ADDR", value_parser = crate::settings::address)]
    pub(crate) mllp: Option<SocketAddr>,
    /// Which answers senders get: one each, or what MSH-15 and MSH-16 ask for [default: always] [env: MEDWEAVE_MLLP_ANSWERS]
    #[arg(long, value_name = "WHICH")]
    pub(crate) mllp_answers: Option<crate::settings::MllpAnswers>,
    /// Written when everything is ready: JSON with the bound addresses [env: MEDWEAVE_READY_FILE]
    #[arg(long, value_name = "FILE")]
    pub(crate) ready_file: Option<PathBuf>,
    /// Certificate chain, PEM; needed beyond this machine [env: MEDWEAVE_TLS_CERT]
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// Its private key, PEM [env: MEDWEAVE_TLS_KEY]
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_key: Option<PathBuf>,
    /// The folder to which what is new is copied every so often, encrypted [env: MEDWEAVE_BACKUP_TO]
    #[arg(long, value_name = "DIR")]
    pub(crate) backup_to: Option<PathBuf>,
    /// Whom a new folder of copies is encrypted for, age1…, several with spaces between [env: MEDWEAVE_BACKUP_RECIPIENT]
    #[arg(long, value_name = "AGE")]
    pub(crate) backup_recipient: Option<String>,
    /// Seconds from one copy to the next [default: 30] [env: MEDWEAVE_BACKUP_EVERY]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) backup_every: Option<u64>,
    /// Zone that pages show and that times without one are in, an IANA name [default: this machine's] [env: MEDWEAVE_ZONE]
    #[arg(long, value_name = "ZONE")]
    pub(crate) zone: Option<String>,
}

#[derive(Args)]
pub(crate) struct Demo {
    /// Where HTTP is served; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0", value_parser = crate::settings::address)]
    pub(crate) http: SocketAddr,
    /// Where HL7 v2 messages are taken
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0", value_parser = crate::settings::address)]
    pub(crate) mllp: SocketAddr,
    /// How many times faster than life the last six hours are told; with 1 they are there from the start
    #[arg(long, value_name = "TIMES", default_value_t = 60, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) speed: u16,
    /// Which hospital: the same number gives the same patients
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(crate) seed: u64,
    /// So many patients of the Synthea test data too; MEDWEAVE_TEST_DATA names its folder
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    pub(crate) synthea: usize,
}

#[derive(Args)]
pub(crate) struct Export {
    /// The folder to write to; it is made if it is not there, and files in it that have the same names are replaced
    #[arg(long, value_name = "DIR", default_value = "export")]
    pub(crate) to: PathBuf,
    /// Pack each file with gzip: TYPE.ndjson.gz
    #[arg(long)]
    pub(crate) gzip: bool,
    /// Only these resource types
    #[arg(long = "type", value_name = "TYPE", value_delimiter = ',')]
    pub(crate) types: Vec<String>,
}

#[derive(Args)]
pub(crate) struct Status {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct Bench {
    /// Hospitals of twelve patients each; one sends some 3,500 versions
    #[arg(long, value_name = "COUNT", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) hospitals: u32,
    /// A folder on the disk to measure [default: the folder for temporary files]
    #[arg(long, value_name = "DIR")]
    pub(crate) on: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct Doctor {
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    /// Unpack about so many resources and arrivals instead of all: quicker on a large directory
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) sample: Option<u64>,
    /// Give back the space of bytes that belong to no arrival; nobody may have the directory open
    #[arg(long)]
    pub(crate) sweep: bool,
}

#[derive(Args)]
pub(crate) struct Sql {
    /// The query; `-` reads it from standard input
    #[arg(value_name = "QUERY", allow_hyphen_values = true)]
    pub(crate) query: String,
    /// How the answer is written to standard output
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: SqlFormat,
    /// Rows of the answer at most [default: 1000000 as table and JSON, which say that there are more; in other forms an answer
    /// of more than 10000000 rows breaks off]
    #[arg(long, value_name = "ROWS")]
    pub(crate) limit: Option<u64>,
    /// Seconds that it may take
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub(crate) timeout: u64,
}

/// Forms of an answer to SQL.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum SqlFormat {
    Table,
    Csv,
    Json,
    Arrow,
    Parquet,
}

impl SqlFormat {
    /// Its name in requests.
    pub(crate) fn name(self) -> &'static str {
        match self {
            SqlFormat::Table => "table",
            SqlFormat::Csv => "csv",
            SqlFormat::Json => "json",
            SqlFormat::Arrow => "arrow",
            SqlFormat::Parquet => "parquet",
        }
    }
}

#[derive(Subcommand)]
pub(crate) enum Lake {
    /// Write what is in memory to the files that other engines read
    ///
    /// Example: medweave lake flush
    Flush,
    /// Delete the lake and make it again from the records
    ///
    /// Example: medweave lake rebuild
    Rebuild,
    /// Say how far the tables follow the records, and what files there are
    ///
    /// Example: medweave lake status
    Status,
}
