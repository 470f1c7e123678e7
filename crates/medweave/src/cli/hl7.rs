//! What can be typed about HL7 v2 messages by whoever connects systems.

use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

#[derive(Subcommand)]
pub(crate) enum Hl7 {
    /// Say what is wrong or odd in messages, where, what to do, and whether they would be taken
    ///
    /// Checks structure, fields, types and codes by the version that a message names, tells what the map to FHIR says of it, and which
    /// answer the MLLP port would give. Nothing is stored.
    ///
    /// Exit codes: 0 no errors, 1 errors (with --strict also warnings), 2 called wrongly.
    ///
    /// Example: medweave hl7 lint adt.hl7 --level warning
    Lint(Hl7Lint),
    /// Say in what two messages, or two files of messages, differ
    ///
    /// Compares by segment, field, repetition, component and subcomponent, and tells both values. Messages of two files are paired by
    /// their control ids (MSH-10), the others of one event in their order. A field that is empty and one that is "" (to be deleted)
    /// differ.
    ///
    /// Exit codes: 0 they are the same, 1 they differ, 2 called wrongly.
    ///
    /// Example: medweave hl7 diff old.hl7 new.hl7 --ignore MSH-7,MSH-10
    Diff(Hl7Diff),
    /// Send messages to an MLLP port, one after the other, and show what is answered
    ///
    /// Each message waits for the answers that its MSH-15 and MSH-16 ask for. Segments end with a carriage return on the wire, whatever
    /// ends them in the file. A connection that breaks off is made anew for the next message. An answer that is asked for on error alone,
    /// or on success alone, is waited for 3 seconds; silence is read as the other.
    ///
    /// Exit codes: 0 all were accepted, 1 some were refused or not answered, 2 called wrongly, 130 stopped by Ctrl-C.
    ///
    /// Example: medweave hl7 send 127.0.0.1:2575 adt.hl7
    ///
    /// Example: medweave hl7 send engine.example.org:2576 load.hl7 --tls --ca ca.pem --new-ids --repeat 100 --rate 20
    Send(Hl7Send),
}

#[derive(Args)]
pub(crate) struct Hl7Lint {
    /// Files of messages; - reads standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Leave out what matters less
    #[arg(long, value_enum, default_value = "note")]
    pub(crate) level: Level,
    /// Take warnings for failures too
    #[arg(long)]
    pub(crate) strict: bool,
    /// Who sends: part of the identity of what names no authority
    #[arg(long, value_name = "NAME", default_value = "import")]
    pub(crate) source: String,
    /// Zone of times without one, an IANA name
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    pub(crate) zone: String,
    /// Character set of messages that name none, as in MSH-18
    #[arg(long, value_name = "NAME")]
    pub(crate) charset: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// The least that is shown.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Level {
    /// All
    Note,
    /// What some receivers refuse or read otherwise, and errors
    Warning,
    /// What is against the standard or would be refused
    Error,
}

#[derive(Args)]
pub(crate) struct Hl7Diff {
    /// The first file; - reads standard input
    #[arg(value_name = "BEFORE")]
    pub(crate) before: PathBuf,
    /// The second file; - reads standard input
    #[arg(value_name = "AFTER")]
    pub(crate) after: PathBuf,
    /// What is not compared, with commas between: segments, fields or parts, as in MSH-7,PID-3.4,OBX[2]-5,ZPI
    #[arg(long, value_name = "PLACES", value_delimiter = ',')]
    pub(crate) ignore: Vec<::hl7::diff::Ignored>,
    /// Character set of messages that name none, as in MSH-18
    #[arg(long, value_name = "NAME")]
    pub(crate) charset: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct Hl7Send {
    /// Where to: host and port, as in 127.0.0.1:2575
    #[arg(value_name = "HOST:PORT", value_parser = destination)]
    pub(crate) to: Destination,
    /// Files of messages; without one, or with -, standard input
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Encrypt the connection
    #[arg(long)]
    pub(crate) tls: bool,
    /// Certificates of those who may have signed the receiver's, PEM [default: those that this machine trusts]
    #[arg(long, value_name = "FILE", requires = "tls")]
    pub(crate) ca: Option<PathBuf>,
    /// The name that the receiver's certificate is for [default: the host]
    #[arg(long, value_name = "NAME", requires = "tls")]
    pub(crate) tls_name: Option<String>,
    /// A certificate to show to the receiver, PEM
    #[arg(long, value_name = "FILE", requires = "tls", requires = "client_key")]
    pub(crate) client_cert: Option<PathBuf>,
    /// Its private key, PEM
    #[arg(long, value_name = "FILE", requires = "client_cert")]
    pub(crate) client_key: Option<PathBuf>,
    /// Seconds to wait for the connection, and for each answer
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) timeout: u64,
    /// Send everything so many times
    #[arg(long, value_name = "TIMES", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub(crate) repeat: u64,
    /// Messages a second at most, as in 20 or 0.5 [default: each as soon as the one before is answered]
    #[arg(long, value_name = "COUNT", value_parser = rate)]
    pub(crate) rate: Option<f64>,
    /// Give each message a new control id (MSH-10) and time (MSH-7), so that none is taken for a repeat
    #[arg(long)]
    pub(crate) new_ids: bool,
    /// Send the bytes as they stand in the file, line ends too, and also what cannot be read
    #[arg(long, conflicts_with = "new_ids")]
    pub(crate) as_is: bool,
    /// Show only what was not accepted, and the sums
    #[arg(long)]
    pub(crate) quiet: bool,
    /// Print a line of JSON a message, and a last one with the sums
    #[arg(long)]
    pub(crate) json: bool,
}

/// Where messages are sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Destination {
    /// A name, or an address without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
}

fn destination(text: &str) -> Result<Destination, String> {
    let wrong = || {
        format!(
            "\"{text}\" is no host with a port: write it as in 127.0.0.1:2575, engine.example.org:2575 or [::1]:2575"
        )
    };
    let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    // An address with colons needs brackets.
    if bare.is_none() && host.contains(':') {
        return Err(wrong());
    }
    let host = bare.unwrap_or(host).to_owned();
    let port = port.parse().ok().filter(|port| *port > 0).ok_or_else(wrong)?;
    if host.is_empty() { Err(wrong()) } else { Ok(Destination { host, port }) }
}

fn rate(text: &str) -> Result<f64, String> {
    let rate = text.strip_suffix("/s").unwrap_or(text).parse::<f64>().ok();
    rate.filter(|rate| (0.001..=1e6).contains(rate))
        .ok_or_else(|| format!("\"{text}\" is no number of messages a second: write it as in 20 or 0.5"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_destination_is_a_host_and_a_port() {
        let to = |text: &str| destination(text).map(|to| (to.host, to.port));
        assert_eq!(to("127.0.0.1:2575"), Ok(("127.0.0.1".to_owned(), 2575)));
        assert_eq!(to("[::1]:2575"), Ok(("::1".to_owned(), 2575)));
        assert_eq!(to("engine:1"), Ok(("engine".to_owned(), 1)));
        for wrong in ["engine", "engine:", ":2575", "::1:2575", "engine:0", "engine:70000", "[]:1"] {
            assert!(to(wrong).is_err(), "{wrong}");
        }
        assert_eq!((rate("20"), rate("0.5/s")), (Ok(20.0), Ok(0.5)));
        assert!(rate("0").is_err() && rate("fast").is_err() && rate("nan").is_err());
    }
}
