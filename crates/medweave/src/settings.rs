//! Settings: flags over environment over one TOML file, all of the same names.

use crate::cli::{Cli, Command};
use crate::failure::Failure;
use figment::Figment;
use figment::providers::{Format, Serialized, Toml};
use figment::value::{Dict, Value};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// What can be set.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    data: Option<PathBuf>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "read_address")]
    http: Option<SocketAddr>,
    /// Where MLLP is served, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "read_address")]
    pub(crate) mllp: Option<SocketAddr>,
    /// Which answers are sent there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) mllp_answers: Option<MllpAnswers>,
    /// Written when everything is ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ready_file: Option<PathBuf>,
    /// Certificate chain, PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// Its key, PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Where copies are taken to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) backup_to: Option<PathBuf>,
    /// Whom a new folder of copies is encrypted for; several with spaces between.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    backup_recipient: Option<String>,
    /// Seconds from one copy to the next.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "read_seconds")]
    backup_every: Option<u64>,
    /// The time zone that is shown and taken where none is given; an IANA name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    zone: Option<String>,
}

/// Which answers senders of messages get.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum MllpAnswers {
    /// Each message gets one application acknowledgement
    Always,
    /// As MSH-15 and MSH-16 ask for
    AsAsked,
}

/// What can be set: as they stand in the file; with `MEDWEAVE_` before them, in capitals, in the environment; and as flags, with
/// `-` in place of `_`.
const NAMES: [&str; 11] = [
    "data",
    "http",
    "mllp",
    "mllp_answers",
    "ready_file",
    "tls_cert",
    "tls_key",
    "backup_to",
    "backup_recipient",
    "backup_every",
    "zone",
];

impl Settings {
    /// Reads all that is set.
    pub(crate) fn read(cli: &Cli) -> Result<Settings, Failure> {
        let mut flags = Settings { data: cli.data.clone(), ..Settings::default() };
        if let Command::Serve(serve) = &cli.command {
            flags.http = serve.http;
            flags.mllp = serve.mllp;
            flags.mllp_answers = serve.mllp_answers;
            flags.ready_file.clone_from(&serve.ready_file);
            flags.tls_cert.clone_from(&serve.tls_cert);
            flags.tls_key.clone_from(&serve.tls_key);
            flags.backup_to.clone_from(&serve.backup_to);
            flags.backup_recipient.clone_from(&serve.backup_recipient);
            flags.backup_every = serve.backup_every;
            flags.zone.clone_from(&serve.zone);
        }
        let named = cli.config.clone().or_else(|| std::env::var_os("MEDWEAVE_CONFIG").map(PathBuf::from));
        if let Some(named) = named.as_ref().filter(|path| !path.is_file()) {
            return Err(Failure::usage(format!("the settings file {} is not there", named.display())));
        }
        let file = named.unwrap_or_else(|| PathBuf::from("medweave.toml"));
        let mut figment = Figment::new();
        if file.is_file() {
            figment = figment.merge(Serialized::defaults(read_file(&file)?));
            // Said with the name of the file, before other sources are laid over it.
            figment
                .extract::<Settings>()
                .map_err(|error| Failure::usage(format!("{}: {}", file.display(), in_words(&error))))?;
        }
        check_environment(std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()))?;
        figment
            .merge(Serialized::defaults(read_environment()?))
            .merge(Serialized::defaults(flags))
            .extract()
            .map_err(|error| Failure::usage(format!("settings: {}", in_words(&error))))
    }

    /// The data directory, as an absolute path: messages are read elsewhere than they are written.
    pub(crate) fn data(&self) -> PathBuf {
        let data = self.data.as_deref().unwrap_or(Path::new("medweave-data"));
        std::path::absolute(data).unwrap_or_else(|_| data.to_owned())
    }

    /// Where HTTP is served.
    pub(crate) fn http(&self) -> SocketAddr {
        self.http.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8400)))
    }

    /// Whom a new folder of copies is encrypted for.
    pub(crate) fn backup_recipients(&self) -> Vec<String> {
        self.backup_recipient.as_deref().unwrap_or_default().split_whitespace().map(str::to_owned).collect()
    }

    /// Seconds from one copy to the next: with what a copy takes, less than a minute of what was acknowledged is on one disk alone.
    pub(crate) fn backup_every_s(&self) -> u64 {
        self.backup_every.unwrap_or(30)
    }

    /// The zone of times without one: the one set, else this machine's, else UTC.
    pub(crate) fn zone(&self) -> Result<String, Failure> {
        match &self.zone {
            Some(zone) => match jiff::tz::TimeZone::get(zone) {
                Ok(_) => Ok(zone.clone()),
                Err(_) => Err(Failure::usage(format!(
                    "zone \"{zone}\" is not known; write an IANA name, as in Europe/Berlin or UTC"
                ))),
            },
            None => Ok(jiff::tz::TimeZone::system().iana_name().unwrap_or("UTC").to_owned()),
        }
    }
}

/// The settings of the environment, each as it is written there; an empty one is not set.
fn read_environment() -> Result<Dict, Failure> {
    let mut settings = Dict::new();
    for name in NAMES {
        let variable = format!("MEDWEAVE_{}", name.to_uppercase());
        let Some(value) = std::env::var_os(&variable).filter(|value| !value.is_empty()) else { continue };
        let value = value.into_string().map_err(|_| Failure::usage(format!("{variable} is not UTF-8")))?;
        let one = Dict::from([(name.to_owned(), Value::from(value))]);
        // Said with the name of the variable, before other sources are laid over it.
        Figment::from(Serialized::defaults(&one))
            .extract::<Settings>()
            .map_err(|error| Failure::usage(format!("{variable}: {}", error.kind)))?;
        settings.extend(one);
    }
    Ok(settings)
}

/// The settings of a file; `ready-file` is `ready_file`.
fn read_file(file: &Path) -> Result<Dict, Failure> {
    let read: Dict = Figment::from(Toml::file_exact(file))
        .extract()
        .map_err(|error| Failure::usage(format!("{}: {}", file.display(), in_words(&error))))?;
    let mut settings = Dict::new();
    for (key, value) in read {
        let name = key.replace('-', "_");
        if !NAMES.contains(&name.as_str()) {
            let near = nearest(&name).map_or_else(String::new, |near| format!(": did you mean \"{near}\"?"));
            return Err(Failure::usage(format!(
                "{}: there is no setting \"{key}\"{near}\nThe settings are {}",
                file.display(),
                NAMES.join(", ")
            )));
        }
        settings.insert(name, value);
    }
    Ok(settings)
}

/// Names that begin as ours belong to tests and tools too, so that only what is nearly a setting is taken for a slip.
fn check_environment(names: impl Iterator<Item = String>) -> Result<(), Failure> {
    for variable in names {
        let Some(name) = variable.strip_prefix("MEDWEAVE_").map(str::to_lowercase) else { continue };
        if let Some(near) = nearest(&name).filter(|near| *near != name && name != "config") {
            return Err(Failure::usage(format!(
                "the environment has {variable}, which is no setting: did you mean MEDWEAVE_{}?",
                near.to_uppercase()
            )));
        }
    }
    Ok(())
}

/// An address as it is written in settings and flags.
pub(crate) fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| format!("\"{text}\" is no address: write IP and port, as in 127.0.0.1:8400 or [::1]:8400"))
}

fn read_address<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<SocketAddr>, D::Error> {
    let text = String::deserialize(from)?;
    address(&text).map(Some).map_err(serde::de::Error::custom)
}

/// A number, also as text: so the environment has it.
fn read_seconds<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    let value = serde_json::Value::deserialize(from)?;
    let number =
        value.as_u64().or_else(|| value.as_str().and_then(|text| text.parse().ok())).filter(|number| *number > 0);
    number.map(Some).ok_or_else(|| serde::de::Error::custom(format!("{value} is no number of seconds, 1 or more")))
}

/// What is wrong, without the words of the library.
fn in_words(error: &figment::Error) -> String {
    let key = error.path.join(".");
    let what = error.kind.to_string();
    if key.is_empty() { what } else { format!("{key}: {what}") }
}

/// The setting whose name differs from `name` in a letter, or in two for long names.
fn nearest(name: &str) -> Option<&'static str> {
    let near = NAMES.into_iter().map(|known| (differences(name, known), known)).min()?;
    (near.0 <= (near.1.len() / 4).clamp(1, 2)).then_some(near.1)
}

/// Letters to put in, take out or exchange to make one word of the other (Levenshtein's distance).
fn differences(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.chars().enumerate() {
        let mut corner = row[0];
        row[0] = at + 1;
        for (column, &wanted) in other.iter().enumerate() {
            let exchanged = corner + usize::from(letter != wanted);
            corner = row[column + 1];
            row[column + 1] = exchanged.min(corner + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::{check_environment, differences, nearest};

    #[test]
    fn the_nearest_setting_is_found_and_nothing_far_off() {
        assert_eq!(differences("htp", "http"), 1);
        assert_eq!(differences("ab", "ba"), 2);
        assert_eq!(nearest("htp"), Some("http"));
        assert_eq!(nearest("readyfile"), Some("ready_file"));
        assert_eq!(nearest("tls_certificate"), None);
        assert_eq!(nearest("colour"), None);
    }

    #[test]
    fn only_slips_in_the_environment_are_errors() {
        let check = |name: &str| check_environment(std::iter::once(name.to_owned()));
        for fine in ["MEDWEAVE_HTTP", "MEDWEAVE_CONFIG", "MEDWEAVE_TEST_DATA", "MEDWEAVE_SEED", "PATH"] {
            assert!(check(fine).is_ok(), "{fine}");
        }
        assert!(check("MEDWEAVE_HTTPS").is_err_and(|failure| failure.text.contains("MEDWEAVE_HTTP?")));
    }
}
