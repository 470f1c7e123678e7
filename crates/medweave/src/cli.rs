//! What can be typed.

mod omop;

pub(crate) use self::omop::{Omop, OmopCheck, OmopCohort, OmopExport, OmopThresholds, ThresholdAct, Vocabulary};

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

#[derive(Subcommand)]
pub(crate) enum Token {
    /// Make a token; it is shown this once
    ///
    /// Example: medweave token create --scope 'system/Observation.rs system/Patient.rs' --name lab-viewer
    Create {
        /// SMART v2 scopes, separated by spaces: system/TYPE.LETTERS with the letters c r u d s
        #[arg(long, value_name = "SCOPES")]
        scope: String,
        /// What people call it [default: "token" and the time]
        #[arg(long)]
        name: Option<String>,
        /// When it ends, as 2027-12-31T18:00:00+01:00, or 2027-12-31 for the first moment of that day in UTC [default: never]
        #[arg(long, value_name = "WHEN")]
        expires: Option<String>,
        /// Print the token and nothing else
        #[arg(long)]
        plain: bool,
    },
    /// List tokens
    ///
    /// Example: medweave token list --json
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Revoke a token: it opens nothing any more
    ///
    /// Example: medweave token revoke 3
    Revoke {
        /// Its number in the list, or its name
        token: String,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Role {
    /// Manages accounts, tokens and sources; sees no clinical data
    Admin,
    /// Reads and writes clinical data
    Clinician,
}

#[derive(Subcommand)]
pub(crate) enum User {
    /// Make an account
    ///
    /// Example: printf %s "$PASSWORD" | medweave user create ada --role clinician --password-stdin
    Create {
        /// What is typed to sign in
        name: String,
        /// What the person is to the hospital
        #[arg(long)]
        role: Role,
        /// The person's name as others see it [default: the name]
        #[arg(long)]
        display: Option<String>,
        /// Read the password from standard input
        #[arg(long, required = true)]
        password_stdin: bool,
    },
    /// Change an account: its role, its password, whether it may sign in
    ///
    /// Ends the person's sessions, unless it only lifts a lock. What is not named stays as it is.
    ///
    /// Example: medweave user change ada --disable
    #[command(group = clap::ArgGroup::new("change").required(true).multiple(true))]
    Change {
        /// What is typed to sign in
        name: String,
        /// What the person is to the hospital from now on
        #[arg(long, group = "change")]
        role: Option<Role>,
        /// Nobody can sign in to it any more
        #[arg(long, group = "change", conflicts_with = "enable")]
        disable: bool,
        /// It can be signed in to again
        #[arg(long, group = "change")]
        enable: bool,
        /// Forget wrong passwords that locked it
        #[arg(long, group = "change")]
        unlock: bool,
        /// Read a new password from standard input
        #[arg(long, group = "change")]
        password_stdin: bool,
    },
    /// Make a link by which a person signs in once, within the hour, without a password
    ///
    /// Print it and hand it over; it opens the pages at the address given.
    ///
    /// Example: medweave user link ada --at https://medweave.example.org
    Link {
        /// What is typed to sign in
        name: String,
        /// Where the pages are, as the person reaches them [default: where `medweave serve` serves them now, or else
        /// http://127.0.0.1:8400]
        #[arg(long, value_name = "URL")]
        at: Option<String>,
    },
    /// List accounts
    ///
    /// Example: medweave user list
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Subcommand)]
pub(crate) enum Mapping {
    /// List the sources with their mappings, and the mappings that come with the program
    ///
    /// Example: medweave mapping list
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Say all that is wrong with a mapping, with file, line and column
    ///
    /// Of a source, its columns included, and a warning where its first rows show that something was forgotten; of a folder, all that can be
    /// known without tables, and with `--path` the same as of a source.
    ///
    /// Example: medweave mapping check clinic-map --path /srv/extracts
    Check {
        /// A source, a folder, or the name of a mapping that comes with the program
        mapping: String,
        /// Tables that a folder's columns are compared with; nothing of them is kept
        #[arg(long, value_name = "TABLES")]
        path: Option<PathBuf>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Begin a mapping: what tables hold says what their rows are likely to be
    ///
    /// It compiles; what could not be known is marked To do in it. Nothing of a source is changed.
    ///
    /// Example: medweave mapping new /srv/extracts --into clinic-map
    New {
        /// A folder, file or archive of tables; or a source that was pulled
        what: String,
        /// The folder that is made
        #[arg(long, value_name = "FOLDER")]
        into: PathBuf,
        /// The encoding of text files, as in gb18030 [default: UTF-8, else what they look like]
        #[arg(long)]
        encoding: Option<String>,
    },
    /// Run a mapping's own tests, or compare what it makes with counts that are known
    ///
    /// Tests are TOML or JSON files in the mapping's folder `tests`: small tables, and what must come of them.
    ///
    /// Example: medweave mapping test clinic-map
    Test {
        /// A folder, or the name of a mapping that comes with the program; with --counts also a source
        mapping: String,
        /// A CSV with a target and its number of resources in each line
        #[arg(long, value_name = "FILE")]
        counts: Option<PathBuf>,
        /// Where the tables to be counted are [default: what the source that has the mapping has pulled]
        #[arg(long, requires = "counts")]
        path: Option<PathBuf>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Run the mapping of a source over the rows that were pulled last
    ///
    /// Rows that are refused stop nothing: the report counts them with their reasons. Exit codes: 0 it ran to its end, 1 it could
    /// not, 2 called wrongly.
    ///
    /// Example: medweave mapping run clinic
    #[command(disable_version_flag = true)]
    Run {
        /// The source
        source: String,
        /// Store what is made; without it nothing is written
        #[arg(long)]
        write: bool,
        /// Map every row and compare it with what is stored, also where nothing is different from the last run
        #[arg(long)]
        whole: bool,
        /// Try an earlier version of the mapping, by the beginning of its hash; nothing is written
        #[arg(long, value_name = "HASH", conflicts_with = "write")]
        version: Option<String>,
        /// Print the report as JSON
        #[arg(long)]
        json: bool,
        /// A folder for the report as JSON and CSV
        #[arg(long, value_name = "DIR")]
        report: Option<PathBuf>,
    },
    /// List the runs of a source's mapping that wrote, or show the report of one
    ///
    /// Example: medweave mapping runs clinic
    Runs {
        /// The source
        source: String,
        /// The run whose report is shown
        run: Option<i64>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Halt the run of a source that is under way
    ///
    /// What it has written stays; `medweave mapping run NAME --write` goes on with it.
    ///
    /// Example: medweave mapping pause clinic
    Pause {
        /// The source
        source: String,
    },
    /// Take back all that a run wrote, in one commit
    ///
    /// What it made is deleted, what it changed is as before; histories stay. Resources that somebody else changed since are left
    /// and listed. The next run makes them again, unless the rows or the mapping are others by then.
    ///
    /// Example: medweave mapping undo clinic 5
    Undo {
        /// The source
        source: String,
        /// The run; the newest that was not taken back if none is named
        run: Option<i64>,
        /// Only say what would be done
        #[arg(long)]
        dry_run: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Say of which cells a resource was made
    ///
    /// Example: medweave mapping lineage Observation/0b1c… --element valueQuantity
    Lineage {
        /// TYPE/ID
        resource: String,
        /// Only this element
        #[arg(long)]
        element: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Subcommand)]
pub(crate) enum Codes {
    /// List values that no map knew in the last run, the most frequent first
    ///
    /// A source that never ran is run dry first.
    ///
    /// Example: medweave codes list clinic
    List {
        /// The source, or the mapping of one source
        source: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Say what a value may mean, and why
    ///
    /// By the maps that are known here, CodeSystems, ValueSets and ConceptMaps that are stored, and the vocabulary that is loaded. Nothing
    /// is mapped by it.
    ///
    /// Example: medweave codes suggest lab Na
    Suggest {
        /// The map, as the mapping names it
        map: String,
        /// The value
        value: Option<String>,
        /// All values that the last run did not know
        #[arg(long, conflicts_with = "value")]
        all: bool,
        /// The source [default: the one whose mapping has the map]
        #[arg(long)]
        source: Option<String>,
        /// The unit map of that name
        #[arg(long)]
        unit: bool,
        /// Suggestions for each value
        #[arg(long, default_value_t = 5)]
        limit: usize,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Approve codes for a value: the next run of the source maps by them
    ///
    /// What was approved for the value before is taken back. Who approved it and when stays to be seen.
    ///
    /// Example: medweave codes approve lab Na 'http://loinc.org|2951-2' --display Sodium
    Approve {
        /// The map, as the mapping names it
        map: String,
        /// The value, as the source writes it
        value: String,
        /// SYSTEM|CODE, for a unit its UCUM code; several for several codings; none: the value is known to have no code
        #[arg(required = true, value_name = "SYSTEM|CODE")]
        codes: Vec<String>,
        /// How near the codes are: equivalent, wider, narrower, inexact …
        #[arg(long)]
        equivalence: Option<String>,
        /// What the codes are called
        #[arg(long)]
        display: Option<String>,
        /// The source [default: the one whose mapping has the map]
        #[arg(long)]
        source: Option<String>,
        /// The unit map of that name
        #[arg(long)]
        unit: bool,
    },
    /// Take back what was approved for a value
    ///
    /// Example: medweave codes revoke lab Na
    Revoke {
        /// The map, as the mapping names it
        map: String,
        /// The value
        value: String,
        /// The source [default: the one whose mapping has the map]
        #[arg(long)]
        source: Option<String>,
        /// The unit map of that name
        #[arg(long)]
        unit: bool,
    },
}

#[derive(Subcommand)]
pub(crate) enum Source {
    /// Add a place where tables are: a folder, a file or an archive, or a database
    ///
    /// Nothing is read yet: `medweave source pull` does it. A database is reached once, so that a wrong password is told now; its
    /// user's password is asked for on the terminal, or comes from a file or standard input, and lies sealed in the data directory.
    ///
    /// A path where nothing is yet, and a mapping with problems, are warned of, and the source is added all the same. Exit codes: 0 it was
    /// added, 1 it was not, 2 called wrongly.
    ///
    /// Example: medweave source add clinic --path /srv/extracts --mapping synthea-csv
    #[command(group = clap::ArgGroup::new("where").required(true))]
    Add {
        /// What it is called: small letters, digits, - and _
        name: String,
        /// Where its deliveries are
        #[arg(long, group = "where")]
        path: Option<PathBuf>,
        /// Its deliveries are sent: with `medweave source pull NAME --from FILE`, or over HTTP
        #[arg(long, group = "where")]
        upload: bool,
        /// A database, without its password: postgres://USER@HOST:PORT/DATABASE, mysql://…, mariadb://…, sqlserver://…
        ///
        /// Parameters behind a `?`: tls=on|off (on, but for this machine), ca=FILE (who signs its certificate), socket=PATH
        #[arg(long, group = "where")]
        url: Option<String>,
        /// Its mapping: a folder, or the name of one that comes with the program
        #[arg(long)]
        mapping: String,
        /// Read the database's password from a file
        #[arg(long, value_name = "FILE", requires = "url", conflicts_with = "password_stdin")]
        password_file: Option<PathBuf>,
        /// Read the database's password from standard input
        #[arg(long, requires = "url")]
        password_stdin: bool,
        /// Rows that the database may be asked for in a second [default: as the mapping says, else as fast as they come]
        #[arg(long, value_name = "N", requires = "url")]
        rows_per_second: Option<u32>,
        /// Hours of the mapping's zone in which the database may be asked, as 01:00-05:00 [default: as the mapping says, else always]
        #[arg(long, requires = "url")]
        hours: Option<String>,
        /// Add the database without reaching it first
        #[arg(long, requires = "url")]
        unreached: bool,
    },
    /// Change where a source of tables delivers from, how a database may be asked, or the mapping
    ///
    /// What was delivered stays, and the next pull is compared with it; the same table in a folder, a dump and a database is the same.
    /// What cannot be pulled yet is warned of, as for `medweave source add`. Limits of a database stay unless they are given. Its kept
    /// password is for the same user at the same server: for another one it is asked for, or comes from a file or standard input.
    ///
    /// Example: medweave source change clinic --url postgres://reader@db2.example/his --hours 01:00-05:00
    #[command(group = clap::ArgGroup::new("what").required(true).multiple(true))]
    Change {
        /// The source
        name: String,
        /// Where its deliveries are from now on
        #[arg(long, group = "what", conflicts_with_all = ["upload", "url"])]
        path: Option<PathBuf>,
        /// Its deliveries are sent from now on
        #[arg(long, group = "what", conflicts_with = "url")]
        upload: bool,
        /// The database that it reads from now on, without its password, as for `medweave source add`
        #[arg(long, group = "what")]
        url: Option<String>,
        /// Another mapping: a folder, or the name of one that is kept here or comes with the program
        #[arg(long, group = "what")]
        mapping: Option<String>,
        /// Rows that the database may be asked for in a second; `none` for as the mapping says
        #[arg(long, value_name = "N", group = "what")]
        rows_per_second: Option<String>,
        /// Hours in which the database may be asked, as 01:00-05:00; `none` for as the mapping says
        #[arg(long, group = "what")]
        hours: Option<String>,
        /// Read the database's password from a file
        #[arg(long, value_name = "FILE", requires = "url", conflicts_with = "password_stdin")]
        password_file: Option<PathBuf>,
        /// Read the database's password from standard input
        #[arg(long, requires = "url")]
        password_stdin: bool,
        /// Change the address without reaching the database first
        #[arg(long, requires = "url")]
        unreached: bool,
    },
    /// Give the password of a database anew
    ///
    /// It is asked for on the terminal, or comes from a file or standard input; an empty one forgets it.
    ///
    /// Example: medweave source password clinic --password-file /run/secrets/clinic
    Password {
        /// The source
        name: String,
        /// Read it from a file
        #[arg(long, value_name = "FILE", conflicts_with = "password_stdin")]
        password_file: Option<PathBuf>,
        /// Read it from standard input
        #[arg(long)]
        password_stdin: bool,
    },
    /// Read what a source of tables has now
    ///
    /// Only what changed is kept. A delivery that loses more than 5 in a hundred rows of a table, or a column, or in which more than
    /// half changed, is not taken: it is told why, and `--accept` takes it all the same.
    ///
    /// Rows that cannot be read become dead letters and stop nothing. Exit codes: 0 it was taken, 1 it was not, 2 called wrongly.
    ///
    /// Example: medweave source pull clinic
    Pull {
        /// The source
        name: String,
        /// A folder, file or archive that is read in place of the source's own path
        #[arg(long, value_name = "PATH")]
        from: Option<PathBuf>,
        /// Take a delivery that looks like a mistake
        #[arg(long)]
        accept: bool,
        /// Print the report as JSON
        #[arg(long)]
        json: bool,
    },
    /// Say what tables hold: values, nulls, shapes, ranges, keys, joins, and what rows are likely to be in FHIR
    ///
    /// It shows values. A path needs no data directory, and nothing of it is kept.
    ///
    /// Example: medweave source profile /srv/extracts
    Profile {
        /// A folder, file or archive of tables; or a source that was pulled
        what: String,
        /// The encoding of text files, as in gb18030 [default: UTF-8, else what they look like]
        #[arg(long)]
        encoding: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Allow an address or network
    ///
    /// Example: medweave source allow 10.1.0.0/16 --name laboratory --zone Asia/Shanghai --charset GB18030
    Allow {
        /// Address or network
        address: String,
        /// What people call it [default: the address]
        #[arg(long)]
        name: Option<String>,
        /// Zone of times without one, an IANA name [default: the zone of this program]
        #[arg(long)]
        zone: Option<String>,
        /// Character set of messages that name none, as in MSH-18 [default: UNICODE UTF-8]
        #[arg(long)]
        charset: Option<String>,
    },
    /// List what is allowed, and where tables are
    ///
    /// Example: medweave source list
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Take a source away; what came from it stays
    ///
    /// Example: medweave source remove laboratory
    Remove {
        /// Its number in the list, or its name
        source: String,
    },
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
    /// A row of a hospital's table is corrected by its cells, with a reason; null is a cell without a value. Cells that are not named stay:
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
