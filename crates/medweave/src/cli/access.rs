//! What can be typed about people and tokens.

use clap::{Subcommand, ValueEnum};

#[derive(Subcommand)]
pub(crate) enum Token {
    /// Make a token; it is shown this once
    ///
    /// Example: medweave token create --scope 'system/Observation.rs system/Patient.rs' --name lab-viewer
    Create {
        /// SMART v2 scopes, separated by spaces: system/TYPE.LETTERS with the letters c r u d s; of one patient patient/TYPE.LETTERS;
        /// of a part of a type TYPE.LETTERS?PARAMETER=VALUE
        #[arg(long, value_name = "SCOPES")]
        scope: String,
        /// The id of the patient whom scopes of patient/ are about
        #[arg(long, value_name = "ID")]
        patient: Option<String>,
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
    /// Keeps the program going, and has the duties that nobody else is appointed for; sees no clinical data
    Admin,
    /// Says who may do what: accounts, roles, tokens; sees no clinical data
    SecurityOfficer,
    /// Reads the trails and nothing else
    Auditor,
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
