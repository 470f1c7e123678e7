//! The program: commands, configuration, wiring. It has no logic of its own about records.
//!
//! Every command is a client of the HTTP routes of `server`. If the data directory is free, the command opens it, serves its
//! control socket meanwhile, and calls the routes in process; if another program has it open, the command speaks HTTP over that
//! program's control socket. So there is one protocol, and `status` works while an import runs. Only `doctor` opens the files by
//! itself, since it must also tell about a directory that no longer opens.
//!
//! What a command answers goes to standard output, by `command::say`; what it tells the operator to the error stream, by
//! `records::tell_operator!`. It ends with the code of its [`failure`], and by [`ending`] when it is asked to.
//!
//! Start reading at [`cli`] (what can be typed) and [`client`] (how a command reaches the routes); each command is a file below
//! `command`.

mod cli;
mod client;
mod command;
mod copies;
mod directory;
mod ending;
mod failure;
mod settings;

use clap::Parser;
use failure::Failure;
use std::process::ExitCode;

fn main() -> ExitCode {
    records::keep_heaps_small();
    let cli = cli::Cli::parse();
    // Whatever is made holds patient data: nobody but the owner may read it.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(4 << 20).build();
    let result = match runtime {
        Ok(runtime) => {
            let result = runtime.block_on(run(cli));
            // Blocking calls that nobody waits for any more must not hold the program.
            runtime.shutdown_timeout(std::time::Duration::from_secs(1));
            result
        }
        Err(error) => Err(Failure::failed(format!("cannot start: {error}"))),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if !failure.text.is_empty() {
                records::tell_operator!("medweave: {}", failure.text);
            }
            ExitCode::from(failure.code)
        }
    }
}

async fn run(cli: cli::Cli) -> Result<(), Failure> {
    // What the program says of itself needs no settings.
    match &cli.command {
        cli::Command::Completions(asked) => return command::manual::completions(asked),
        cli::Command::Man(asked) => return command::manual::pages(asked),
        _ => {}
    }
    let settings = settings::Settings::read(&cli)?;
    match cli.command {
        cli::Command::Completions(_) | cli::Command::Man(_) => Ok(()),
        cli::Command::Serve(_) => command::serve::run(&settings).await,
        cli::Command::Import(import) => match &import.other {
            Some(cli::ImportCommand::Undo(undo)) => command::import_undo::run(&settings, undo).await,
            None => command::import::run(&settings, &import).await,
        },
        cli::Command::Convert(convert) => command::convert::run(&convert),
        cli::Command::Hl7(hl7) => command::hl7::run(hl7).await,
        cli::Command::Demo(demo) => command::demo::run(&settings, &demo).await,
        cli::Command::Export(export) => command::export::run(&settings, &export).await,
        cli::Command::Token(token) => command::token::run(&settings, token).await,
        cli::Command::User(user) => command::user::run(&settings, user).await,
        cli::Command::Source(source) => command::source::run(&settings, source).await,
        cli::Command::Mapping(mapping) => command::mapping::run(&settings, mapping).await,
        cli::Command::Codes(codes) => command::codes::run(&settings, codes).await,
        cli::Command::Omop(omop) => command::omop::run(&settings, omop).await,
        cli::Command::Vocabulary(vocabulary) => command::vocabulary::run(&settings, vocabulary).await,
        cli::Command::Deadletter(letter) => command::deadletter::run(&settings, letter).await,
        cli::Command::Identity(asked) => command::identity::run(&settings, asked).await,
        cli::Command::Sql(sql) => command::sql::run(&settings, &sql).await,
        cli::Command::Lake(lake) => command::lake::run(&settings, &lake).await,
        cli::Command::Bench(bench) => command::bench::run(&bench).await,
        cli::Command::Backup(backup) => command::backup::run(&settings, backup).await,
        cli::Command::Restore(restore) => command::restore::run(&settings, restore).await,
        cli::Command::Doctor(doctor) => command::doctor::run(&settings, &doctor).await,
        cli::Command::Status(status) => command::status::run(&settings, &status).await,
    }
}
