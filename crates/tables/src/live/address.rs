//! Where a database is, and how it may be asked: `postgres://reader@db.example:5432/his?rows_per_second=5000`.

use super::hours::{Hours, HoursError};
use super::pace::Limits;
use percent_encoding::percent_decode_str;
use std::fmt;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use url::{Host, Url};

/// A kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// PostgreSQL, and what speaks its protocol.
    Postgres,
    /// MySQL and MariaDB.
    MySql,
    /// Microsoft SQL Server.
    SqlServer,
    /// Whatever a driver manager of this machine knows.
    Odbc,
}

impl Engine {
    const SCHEMES: [(&'static str, Engine); 7] = [
        ("postgres", Engine::Postgres),
        ("postgresql", Engine::Postgres),
        ("mysql", Engine::MySql),
        ("mariadb", Engine::MySql),
        ("sqlserver", Engine::SqlServer),
        ("mssql", Engine::SqlServer),
        ("odbc", Engine::Odbc),
    ];

    fn default_port(self) -> u16 {
        match self {
            Engine::Postgres => 5432,
            Engine::MySql => 3306,
            Engine::SqlServer => 1433,
            Engine::Odbc => 0,
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Engine::Postgres => "PostgreSQL",
            Engine::MySql => "MySQL or MariaDB",
            Engine::SqlServer => "SQL Server",
            Engine::Odbc => "ODBC",
        })
    }
}

/// Whether a connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tls {
    /// With a certificate that is checked.
    On,
    /// In the clear.
    Off,
}

/// A database, and how it may be asked. It holds no password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    text: String,
    /// Which kind it is.
    pub engine: Engine,
    pub(super) user: String,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) database: String,
    /// A socket of this machine instead of host and port: PostgreSQL's folder, MySQL's file.
    pub(super) socket: Option<PathBuf>,
    pub(super) tls: Tls,
    /// Who signs the server's certificate, if it is not the system that knows.
    pub(super) ca: Option<PathBuf>,
    /// How it may be asked.
    pub limits: Limits,
}

/// Why a text is no address of a database. It never quotes what may be a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It names none of the databases.
    #[error("a database's address begins with postgres://, mysql://, mariadb://, sqlserver:// or odbc://")]
    Scheme,
    /// It cannot be read.
    #[error("the database's address cannot be read ({0}): write it as postgres://USER@HOST:PORT/DATABASE")]
    Form(url::ParseError),
    /// It holds a password.
    #[error(
        "the address holds a password: whoever lists the processes of this machine sees it there, and shells remember it. Leave it out, and give it \
         with --password-file FILE or --password-stdin, or type it when you are asked (and change it, since it has been shown)"
    )]
    Password,
    /// A part of it is missing.
    #[error("the database's address names no {0}: write it as postgres://USER@HOST:PORT/DATABASE")]
    Missing(&'static str),
    /// A parameter that is none.
    #[error(
        "the database's address has a parameter `{0}`, which is none: there are tls, ca, socket, rows_per_second, hours"
    )]
    Parameter(String),
    /// A parameter with a value that is none.
    #[error("the database's address: {0}")]
    Value(String),
    /// Hours that are none.
    #[error("the database's address: {0}")]
    Hours(#[from] HoursError),
    /// This program was built without it.
    #[error("this medweave was built without ODBC: build it with the cargo feature `odbc`")]
    NoOdbc,
}

impl Address {
    /// Whether a text is meant as the address of a database, and not as a path.
    pub fn is_meant(text: &str) -> bool {
        text.split_once("://").is_some_and(|(scheme, _)| scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()))
    }

    /// Reads an address.
    ///
    /// # Errors
    /// [`AddressError`].
    pub fn parse(text: &str) -> Result<Address, AddressError> {
        let scheme = text.split_once("://").ok_or(AddressError::Scheme)?.0.to_ascii_lowercase();
        let known = Engine::SCHEMES.iter().find(|(known, _)| *known == scheme);
        let engine = known.ok_or(AddressError::Scheme)?.1;
        let url = Url::parse(text).map_err(AddressError::Form)?;
        if url.password().is_some() || has_password(&url) {
            return Err(AddressError::Password);
        }
        if url.fragment().is_some() || url.path().contains(';') {
            return Err(AddressError::Value("parameters stand behind a `?`, with `&` between them".into()));
        }
        if engine == Engine::Odbc && cfg!(not(feature = "odbc")) {
            return Err(AddressError::NoOdbc);
        }
        let decoded = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
        let (host, is_here) = match url.host() {
            Some(Host::Ipv4(address)) => (address.to_string(), address.is_loopback()),
            Some(Host::Ipv6(address)) => (address.to_string(), address.to_canonical().is_loopback()),
            Some(Host::Domain(name)) => {
                let name = decoded(name);
                let is_here = name.eq_ignore_ascii_case("localhost")
                    || name.parse().is_ok_and(|address: IpAddr| address.to_canonical().is_loopback());
                (name, is_here)
            }
            None => (String::new(), false),
        };
        let mut address = Address {
            text: String::new(),
            engine,
            user: decoded(url.username()),
            host,
            port: url.port().unwrap_or(engine.default_port()),
            database: decoded(url.path().trim_start_matches('/')),
            socket: None,
            tls: if is_here { Tls::Off } else { Tls::On },
            ca: None,
            limits: Limits::default(),
        };
        let mut tls = None;
        for (name, value) in url.query_pairs() {
            match &*name.to_ascii_lowercase() {
                name if PASSWORD.contains(&name) => return Err(AddressError::Password),
                "tls" => tls = Some(tls_of(&value)?),
                "ca" => address.ca = Some(PathBuf::from(&*value)),
                "socket" => address.socket = Some(PathBuf::from(&*value)),
                "rows_per_second" => address.limits.rows_per_second = Some(rate_of(&value)?),
                "hours" => address.limits.hours = Some(value.parse::<Hours>()?),
                _ => return Err(AddressError::Parameter(name.into_owned())),
            }
        }
        address.tls = match (tls, &address.ca, &address.socket) {
            (Some(tls), _, _) => tls,
            (None, _, Some(_)) => Tls::Off,
            (None, Some(_), None) => Tls::On,
            (None, None, None) => address.tls,
        };
        if address.socket.is_some() && matches!(engine, Engine::SqlServer | Engine::Odbc) {
            return Err(AddressError::Value(format!("{engine} has no socket of this machine: name a host")));
        }
        for (part, what) in [(&address.user, "user"), (&address.database, "database")] {
            if part.is_empty() && engine != Engine::Odbc {
                return Err(AddressError::Missing(what));
            }
        }
        if address.host.is_empty() && address.socket.is_none() {
            return Err(AddressError::Missing("host"));
        }
        // As it was written: nothing in it is secret.
        url.as_str().clone_into(&mut address.text);
        Ok(address)
    }

    /// The same with limits that were given beside it.
    ///
    /// # Errors
    /// [`AddressError`].
    pub fn with(&self, rows_per_second: Option<u32>, hours: Option<&str>) -> Result<Address, AddressError> {
        let mut address = self.clone();
        if let Some(rate) = rows_per_second {
            address = address.with_parameter("rows_per_second", Some(&rate.to_string()))?;
        }
        if let Some(hours) = hours {
            address = address.with_parameter("hours", Some(hours))?;
        }
        Ok(address)
    }

    /// The same with another value of a parameter, or without it.
    ///
    /// # Errors
    /// [`AddressError`].
    pub fn with_parameter(&self, name: &str, value: Option<&str>) -> Result<Address, AddressError> {
        let mut url = Url::parse(&self.text).map_err(AddressError::Form)?;
        let others: Vec<(String, String)> = url
            .query_pairs()
            .filter(|(other, _)| !other.eq_ignore_ascii_case(name))
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        let all = others.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        url.query_pairs_mut().clear().extend_pairs(all.chain(value.map(|value| (name, value))));
        // A colon needs no escape there, and hours are read by people.
        let query = url.query().filter(|query| !query.is_empty()).map(|query| query.replace("%3A", ":"));
        url.set_query(query.as_deref());
        Address::parse(url.as_str())
    }

    /// The same with the limits of another, where it says none itself.
    ///
    /// # Errors
    /// [`AddressError`].
    pub fn or_limits_of(&self, other: &Address) -> Result<Address, AddressError> {
        let rate = other.limits.rows_per_second.filter(|_| self.limits.rows_per_second.is_none());
        let hours = other.limits.hours.filter(|_| self.limits.hours.is_none()).map(|hours| hours.to_string());
        self.with(rate.map(NonZeroU32::get), hours.as_deref())
    }

    /// Whether it may be given the password that is kept for another: the same user at the same server, and no less encrypted on the way.
    pub fn may_have_password_of(&self, other: &Address) -> bool {
        let known = |address: &Address| {
            let host = if address.socket.is_some() { String::new() } else { address.host.to_lowercase() };
            (address.engine, address.user.clone(), host, address.port, address.socket.clone())
        };
        // Whoever signs for another server could be between.
        let is_as_safe = other.tls == Tls::Off || (self.tls == Tls::On && self.ca == other.ca);
        known(self) == known(other) && is_as_safe
    }
}

/// Whether a password stands where nobody looks for one: in the name of the database or behind a `#`, as other programs write addresses.
fn has_password(url: &Url) -> bool {
    let decoded = |part: &str| percent_decode_str(part).decode_utf8_lossy().to_lowercase();
    let is_told = |part: &str| PASSWORD.iter().any(|name| decoded(part).replace(' ', "").contains(&format!("{name}=")));
    [url.username(), url.path(), url.fragment().unwrap_or_default()].into_iter().any(is_told)
}

/// What drivers call a password.
const PASSWORD: [&str; 4] = ["password", "pwd", "pass", "passwd"];

fn tls_of(value: &str) -> Result<Tls, AddressError> {
    match value {
        "on" => Ok(Tls::On),
        "off" => Ok(Tls::Off),
        _ => Err(AddressError::Value("tls is `on` or `off`".into())),
    }
}

fn rate_of(value: &str) -> Result<NonZeroU32, AddressError> {
    value.parse().map_err(|_| AddressError::Value("rows_per_second is a number from 1 on".into()))
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_database_user_and_how_it_is_asked() {
        let address =
            Address::parse("postgres://rea%20der@db.example/his?rows_per_second=5000&hours=01:00-05:00").unwrap();
        assert_eq!((address.user.as_str(), address.host.as_str(), address.port), ("rea der", "db.example", 5432));
        assert_eq!((address.database.as_str(), address.tls), ("his", Tls::On));
        assert_eq!(address.limits.rows_per_second.map(NonZeroU32::get), Some(5000));
        assert_eq!(address.limits.hours.map(|hours| hours.to_string()).as_deref(), Some("01:00-05:00"));
        for (text, tls) in [
            ("mysql://a@127.0.0.1/d", Tls::Off),
            ("mysql://a@[::1]:33/d", Tls::Off),
            ("mariadb://a@localhost/d?tls=on", Tls::On),
            ("sqlserver://a@localhost/d?ca=/etc/ca.pem", Tls::On),
            ("sqlserver://a@10.1.2.3/d", Tls::On),
            ("sqlserver://a@10.1.2.3/d?tls=off", Tls::Off),
            ("postgres://a@localhost/d?socket=/run/postgresql", Tls::Off),
        ] {
            assert_eq!(Address::parse(text).map(|address| address.tls), Ok(tls), "{text}");
        }
        let colon = Address::parse("mysql://rea%3Ader@db/his").unwrap().with(None, Some("22:00-04:30")).unwrap();
        assert_eq!(
            (colon.user.as_str(), colon.to_string().as_str()),
            ("rea:der", "mysql://rea%3Ader@db/his?hours=22:00-04:30")
        );
        let again = address.with(Some(10), Some("22:00-04:30")).unwrap();
        assert_eq!(again.to_string(), "postgres://rea%20der@db.example/his?rows_per_second=10&hours=22:00-04:30");
    }

    #[test]
    fn a_password_in_an_address_is_refused_and_not_repeated() {
        for text in [
            "postgres://a:hunter2@db/his",
            "postgres://a@db/his?password=hunter2",
            "mysql://a@db/his?pwd=hunter2",
            "sqlserver://:hunter2@db/his",
            "sqlserver://joe@db/his;password=hunter2",
            "sqlserver://joe@db/his;User%20Id=joe;PWD%3Dhunter2",
            "mysql://joe@db/his#password=hunter2",
            "postgres://db/password=hunter2",
        ] {
            let error = Address::parse(text).unwrap_err();
            assert_eq!(error, AddressError::Password);
            assert!(!error.to_string().contains("hunter2"));
        }
    }

    #[test]
    fn parameters_are_changed_and_taken_away() {
        let address = Address::parse("postgres://r@db/his?tls=on&hours=01:00-05:00").unwrap();
        let faster = address.with(Some(9), Some("02:00-03:00")).unwrap();
        assert_eq!(faster.to_string(), "postgres://r@db/his?tls=on&rows_per_second=9&hours=02:00-03:00");
        let free = faster.with_parameter("rows_per_second", None).unwrap().with_parameter("hours", None).unwrap();
        assert_eq!(free.to_string(), "postgres://r@db/his?tls=on");
        assert_eq!(free.with_parameter("tls", None).unwrap().to_string(), "postgres://r@db/his");
        let moved = Address::parse("postgres://r@db2/his?hours=20:00-21:00").unwrap().or_limits_of(&faster).unwrap();
        assert_eq!(moved.to_string(), "postgres://r@db2/his?hours=20:00-21:00&rows_per_second=9");
        let at = |text: &str| Address::parse(text).unwrap();
        for (now, before, may) in [
            ("postgresql://r@DB:5432/other", "postgres://r@db/his", true),
            ("postgres://r@db2/his", "postgres://r@db/his", false),
            ("postgres://s@db/his", "postgres://r@db/his", false),
            ("postgres://r@db:1/his", "postgres://r@db/his", false),
            ("mysql://r@db:5432/his", "postgres://r@db/his", false),
            // In the clear it was shown to whoever listened; what is encrypted is not.
            ("postgres://r@db/his?tls=off", "postgres://r@db/his", false),
            ("postgres://r@db/his?tls=off", "postgres://r@db/other?tls=off", true),
            ("postgres://r@db/his?ca=/a.pem", "postgres://r@db/his?tls=off", true),
            ("postgres://r@db/his?ca=/a.pem", "postgres://r@db/his", false),
            ("postgres://r@db/his", "postgres://r@db/his?ca=/a.pem", false),
            ("postgres://r@db/his?ca=/a.pem", "postgres://r@db/other?ca=/a.pem", true),
        ] {
            assert_eq!(at(now).may_have_password_of(&at(before)), may, "{now} after {before}");
        }
    }

    #[test]
    fn what_is_no_address_is_told_what_is_missing() {
        for (text, wanted) in [
            ("oracle://a@b/c", AddressError::Scheme),
            ("postgres://db/his", AddressError::Missing("user")),
            ("postgres://a@db", AddressError::Missing("database")),
            (
                "sqlserver://a@db/his;encrypt=yes",
                AddressError::Value("parameters stand behind a `?`, with `&` between them".into()),
            ),
            ("postgres://a@db/his?sslmode=disable", AddressError::Parameter("sslmode".into())),
            ("postgres://a@db/his?tls=maybe", AddressError::Value("tls is `on` or `off`".into())),
        ] {
            assert_eq!(Address::parse(text), Err(wanted), "{text}");
        }
        assert!(
            !Address::is_meant("/data/extracts") && !Address::is_meant("C:/data") && Address::is_meant("mysql://x")
        );
    }
}
