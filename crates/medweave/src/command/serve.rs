//! `medweave serve`

use crate::client::Opened;
use crate::directory::{CLOCK_TOLERANCE, Directory, Taken, now_us};
use crate::ending::Ending;
use crate::failure::Failure;
use crate::settings::{MllpAnswers, Settings};
use access::system_random;
use intake::mllp::{Acknowledge, Options, Server};
use serde_json::json;
use server::listen::{self, Tls};
use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::time::Duration;

pub(crate) async fn run(settings: &Settings) -> Result<(), Failure> {
    let tls = match (&settings.tls_cert, &settings.tls_key) {
        (Some(certificate), Some(key)) => {
            Some(Tls::load(certificate, key).map_err(|error| Failure::usage(error.to_string()))?)
        }
        (None, None) => None,
        _ => return Err(Failure::usage("--tls-cert and --tls-key go together: one of them is missing")),
    };
    // The port first: it says within a moment what is wrong, and nothing has to be undone.
    let listener = listen::bind(settings.http(), tls.as_ref()).await.map_err(|error| match error {
        listen::Error::NotEncrypted(_) => Failure::usage(error.to_string()),
        _ => Failure::failed(error.to_string()),
    })?;
    let http = listener.local_addr()?;
    let answers = settings.mllp_answers.unwrap_or(MllpAnswers::Always);
    let mllp = settings.mllp.map(|address| bind_mllp(address, tls.as_ref(), answers)).transpose()?;
    let data = settings.data();
    let directory = match Directory::take(&data)? {
        Taken::Mine(directory) => directory,
        Taken::Busy => {
            return Err(Failure::failed(format!(
                "another medweave has {} open: stop it, or choose another directory with --data",
                data.display()
            )));
        }
    };
    // One that a killed program left behind would tell whoever waits for it of ports that are not there.
    if let Some(file) = &settings.ready_file {
        let _ = std::fs::remove_file(file);
    }
    let mut ending = Ending::new()?;
    let opened = Opened::new(directory, settings.zone()?)?;
    say_if_the_clock_is_behind(&opened)?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    opened.app.serve_at(format!("{scheme}://{http}"));
    records::tell_operator!("medweave serves {} on {scheme}://{http}", data.display());
    let mllp = mllp.map(|(listener, options)| opened.serve_mllp(listener, options)).transpose()?;
    if let Some(mllp) = &mllp {
        let how = if is_within(mllp.address()) { "in the clear" } else { "under TLS" };
        records::tell_operator!("medweave takes HL7 v2 messages (MLLP, {how}) on {}", mllp.address());
    }
    if let Some(code) = opened
        .app
        .access
        .setup_code(now_us(), &mut system_random)
        .map_err(|error| Failure::failed(error.to_string()))?
    {
        records::tell_operator!(
            "Nobody can sign in yet. Make the first account within the hour: {scheme}://{http}/setup#code={}",
            code.code.reveal()
        );
    }
    // The lake follows from the first moment; requests do not wait for it to be opened.
    let app = std::sync::Arc::clone(&opened.app);
    tokio::task::spawn_blocking(move || {
        if let Err(refusal) = app.lake() {
            records::tell_operator!("medweave: SQL is not there: {}", refusal.issues[0].text);
        }
        if let Err(refusal) = app.identity() {
            records::tell_operator!("medweave: duplicates are not looked for: {}", refusal.issues[0].text);
        }
    });
    crate::copies::follow(settings, &data)?;
    tokio::spawn(server::schedule::follow(std::sync::Arc::clone(&opened.app)));
    let serving = tokio::spawn(listen::serve(listener, opened.router.clone(), tls, opened.stopped()));
    if let Some(file) = &settings.ready_file {
        write_ready(file, http, mllp.as_ref().map(Server::address))?;
    }
    ending.asked().await;
    records::tell_operator!("medweave stops: requests that have begun are finished (once more: stops at once)");
    if let Some(file) = &settings.ready_file {
        let _ = std::fs::remove_file(file);
    }
    let orderly = async {
        opened.stop();
        if let Some(mllp) = mllp {
            let _ = tokio::task::spawn_blocking(move || mllp.stop()).await;
        }
        let _ = serving.await;
        opened.close().await;
    };
    tokio::select! {
        () = orderly => Ok(()),
        _ = ending.asked() => {
            records::tell_operator!("medweave stopped at once: what was acknowledged is stored");
            // Not by way of what is being closed: whoever asks twice does not wait for it.
            std::process::exit(130);
        }
    }
}

/// Behind the newest change, the clock was set back or is not set at all: tokens and sessions would last too long.
fn say_if_the_clock_is_behind(opened: &Opened) -> Result<(), Failure> {
    let newest_us = opened.newest_us()?;
    let behind = Duration::from_micros(u64::try_from(newest_us - now_us()).unwrap_or(0));
    if behind > CLOCK_TOLERANCE {
        records::tell_operator!(
            "medweave: this machine's clock is {} minutes behind the newest change ({}): set it; until it is past that, changes are dated like that one",
            behind.as_secs() / 60,
            fhir::time::format_us(newest_us)
        );
    }
    Ok(())
}

/// True if only this machine reaches the address.
fn is_within(address: SocketAddr) -> bool {
    address.ip().to_canonical().is_loopback()
}

/// Beyond this machine messages come under TLS, with the certificate of HTTP. On this machine they come in the clear: interface
/// engines beside us seldom speak TLS, and nobody else hears them.
pub(crate) fn bind_mllp(
    address: SocketAddr,
    tls: Option<&Tls>,
    answers: MllpAnswers,
) -> Result<(TcpListener, Options), Failure> {
    let tls = match tls {
        _ if is_within(address) => None,
        Some(tls) => Some(tls.without_http()),
        None => {
            return Err(Failure::usage(format!(
                "{address} can be reached from other machines: give --tls-cert and --tls-key, or take messages on 127.0.0.1 (patient data never crosses a network in the clear)"
            )));
        }
    };
    let acknowledge = match answers {
        MllpAnswers::Always => Acknowledge::Always,
        MllpAnswers::AsAsked => Acknowledge::AsAsked,
    };
    let options = Options { tls, acknowledge, ..Options::default() };
    let bound = TcpListener::bind(address).map(|listener| (listener, options));
    bound.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => Failure::failed(format!(
            "{address} is in use by another program: choose another address with --mllp, or stop it"
        )),
        _ => Failure::failed(format!("cannot listen on {address}: {error}")),
    })
}

/// Written beside its place and moved there, so that whoever waits for it never reads half of it.
fn write_ready(file: &Path, http: SocketAddr, mllp: Option<SocketAddr>) -> Result<(), Failure> {
    let cannot = |error: std::io::Error| Failure::failed(format!("cannot write {}: {error}", file.display()));
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut beside = tempfile::NamedTempFile::new_in(folder).map_err(cannot)?;
    let ready = json!({"http": http.to_string(), "mllp": mllp.map(|mllp| mllp.to_string()), "pid": std::process::id()});
    beside.write_all(ready.to_string().as_bytes()).map_err(cannot)?;
    beside.persist(file).map_err(|error| cannot(error.error))?;
    Ok(())
}
