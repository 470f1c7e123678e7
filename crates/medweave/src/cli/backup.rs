//! What can be typed about copies.

use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Backup {
    #[command(subcommand)]
    pub(crate) other: Option<BackupCommand>,
    /// The folder of copies, on another disk than the data; it is made if it is not there [default: the setting backup_to]
    #[arg(long, value_name = "DIR")]
    pub(crate) to: Option<PathBuf>,
    /// Whom a new folder of copies is encrypted for, age1…; may be given several times, and each one's key opens all
    #[arg(long, value_name = "AGE")]
    pub(crate) recipient: Vec<String>,
    /// Then remove old copies: all of the last hour stay, one of each hour for two days, of each day for a month, of each month for two
    /// years
    #[arg(long)]
    pub(crate) thin: bool,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Subcommand)]
pub(crate) enum BackupCommand {
    /// Make a key, and print the recipient to make copies for
    ///
    /// Keys of `age-keygen` do as well.
    ///
    /// Example: medweave backup new-key hospital.key
    NewKey {
        /// The file to write; one that is there is never written over
        file: PathBuf,
    },
    /// List the copies of a folder
    ///
    /// Example: medweave backup list --from /mnt/copies
    List(BackupList),
}

#[derive(Args)]
pub(crate) struct BackupList {
    /// The folder of copies
    #[arg(long, value_name = "DIR")]
    pub(crate) from: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct Restore {
    /// The folder of copies
    #[arg(long, value_name = "DIR")]
    pub(crate) from: PathBuf,
    /// The file with the key that opens them
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// The newest copy that was begun by then, a date or a moment [default: the newest]
    #[arg(long, value_name = "WHEN")]
    pub(crate) at: Option<String>,
    /// Restore into a folder that goes away again, check everything in it as doctor does, and say how long it took
    #[arg(long)]
    pub(crate) drill: bool,
    /// Where a drill may write [default: the folder for temporary files]
    #[arg(long, value_name = "DIR", requires = "drill")]
    pub(crate) scratch: Option<PathBuf>,
    /// In a drill unpack about so many resources and arrivals instead of all
    #[arg(long, value_name = "COUNT", requires = "drill", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) sample: Option<u64>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}
