//! Settings: flags over environment over one TOML file, all of the same names.

use crate::cli::{Cli, Command};
use crate::failure::Failure;
use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::PathBuf;

/// What can be set.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    data: Option<PathBuf>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    http: Option<SocketAddr>,
    /// Where MLLP is served, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) mllp: Option<SocketAddr>,
    /// Written when everything is ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ready_file: Option<PathBuf>,
    /// Certificate chain, PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// Its key, PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tls_key: Option<PathBuf>,
    /// The time zone that is shown and taken where none is given; an IANA name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    zone: Option<String>,
}

/// The names that the environment may set, `MEDWEAVE_` before them. Others with that beginning belong to tests and tools.
const NAMES: [&str; 7] = ["data", "http", "mllp", "ready_file", "tls_cert", "tls_key", "zone"];

impl Settings {
    /// Reads all that is set.
    pub(crate) fn read(cli: &Cli) -> Result<Settings, Failure> {
        let mut flags = Settings { data: cli.data.clone(), ..Settings::default() };
        if let Command::Serve(serve) = &cli.command {
            flags.http = serve.http;
            flags.mllp = serve.mllp;
            flags.ready_file.clone_from(&serve.ready_file);
            flags.tls_cert.clone_from(&serve.tls_cert);
            flags.tls_key.clone_from(&serve.tls_key);
        }
        let named = cli.config.clone().or_else(|| std::env::var_os("MEDWEAVE_CONFIG").map(PathBuf::from));
        if let Some(named) = named.as_ref().filter(|path| !path.is_file()) {
            return Err(Failure::usage(format!("the settings file {} is not there", named.display())));
        }
        let file = named.unwrap_or_else(|| PathBuf::from("medweave.toml"));
        let figment = if file.is_file() { Figment::from(Toml::file_exact(&file)) } else { Figment::new() };
        figment
            .merge(Env::prefixed("MEDWEAVE_").only(&NAMES))
            .merge(Serialized::defaults(flags))
            .extract()
            .map_err(|error| Failure::usage(format!("settings: {error}")))
    }

    /// The data directory.
    pub(crate) fn data(&self) -> PathBuf {
        self.data.clone().unwrap_or_else(|| PathBuf::from("medweave-data"))
    }

    /// Where HTTP is served.
    pub(crate) fn http(&self) -> SocketAddr {
        self.http.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8400)))
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
