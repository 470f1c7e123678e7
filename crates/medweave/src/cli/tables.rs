//! What can be typed about hospital databases: sources, mappings and code maps.

use clap::Subcommand;
use std::path::PathBuf;

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
        /// The unit map of that name [default: the code map, if there is one]
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
        /// The unit map of that name [default: the code map, if there is one]
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
        /// The unit map of that name [default: the code map, if there is one]
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
