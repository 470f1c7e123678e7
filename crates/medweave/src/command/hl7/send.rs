//! `medweave hl7 send`

use super::line::{Line, Silence};
use super::tls::Tls;
use super::{name, read};
use crate::cli::Hl7Send;
use crate::command::say;
use crate::ending::Ending;
use crate::failure::Failure;
use ::hl7::exchange::{Became, Exchange, Tally, for_the_wire, renewed};
use ::hl7::{Batch, Message, ParseOptions};
use fhir::json::Tree;
use jiff::Timestamp;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// One message that is to be sent.
struct Outgoing {
    /// Which of which file.
    name: String,
    bytes: Vec<u8>,
}

/// What one message came to.
struct Sent {
    event: String,
    exchange: Exchange,
    /// Why there is no answer, if there is none.
    silence: Option<String>,
    took_us: Option<u64>,
}

pub(super) async fn run(mut asked: Hl7Send) -> Result<(), Failure> {
    if asked.files.is_empty() {
        asked.files.push(PathBuf::from("-"));
    }
    let outgoing = load(&asked)?;
    let tls = Tls::of(&asked)?;
    let mut ending = Ending::new()?;
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let mut sending = tokio::task::spawn_blocking(move || send(&asked, &outgoing, tls.as_ref(), &stopped));
    let sent = tokio::select! {
        sent = &mut sending => sent,
        _ = ending.asked() => {
            stop.store(true, Ordering::Relaxed);
            sending.await
        }
    };
    let tally = sent.map_err(|error| Failure::failed(error.to_string()))??;
    if stop.load(Ordering::Relaxed) {
        return Err(Failure::interrupted("interrupted"));
    }
    if tally.is_good() { Ok(()) } else { Err(Failure::failed("")) }
}

/// The messages of all files, before any is sent.
fn load(asked: &Hl7Send) -> Result<Vec<Outgoing>, Failure> {
    let mut outgoing = Vec::new();
    for file in &asked.files {
        let bytes = read(file)?;
        let batch = Batch::split(&bytes);
        if batch.messages.is_empty() {
            return Err(Failure::usage(format!("{}: no HL7 v2 message is in it: messages begin with MSH", name(file))));
        }
        for (at, range) in batch.messages.into_iter().enumerate() {
            let name = format!("{} message {}", name(file), at + 1);
            let bytes = bytes[range].to_vec();
            if !asked.as_is {
                Message::parse(&bytes, &ParseOptions::default())
                    .map_err(|error| Failure::usage(format!("{name}: {error}; --as-is sends it as it stands")))?;
            }
            outgoing.push(Outgoing { name, bytes });
        }
    }
    Ok(outgoing)
}

/// Sends everything; what became of it was said.
fn send(asked: &Hl7Send, outgoing: &[Outgoing], tls: Option<&Tls>, stop: &AtomicBool) -> Result<Tally, Failure> {
    let patience = Duration::from_secs(asked.timeout);
    let begun = Instant::now();
    let started_ms = Timestamp::now().as_millisecond();
    let total = asked.repeat.saturating_mul(outgoing.len() as u64);
    let mut tally = Tally::default();
    let mut line: Option<Line> = None;
    for number in 0..total {
        if let Some(rate) = asked.rate {
            wait_until(begun + Duration::from_secs_f64(number as f64 / rate), stop);
        }
        if stop.load(Ordering::Relaxed) {
            tally.unsent = total - number;
            break;
        }
        let one = &outgoing[(number % outgoing.len() as u64) as usize];
        let open = match line.take() {
            Some(open) => open,
            None => match Line::open(&asked.to, tls, patience) {
                Ok(open) => open,
                Err(error) => {
                    records::tell_operator!("medweave: {error}");
                    tally.unsent = total - number;
                    break;
                }
            },
        };
        let (sent, kept) = exchange(asked, one, open, &format!("M{started_ms:x}-{}", number + 1), stop);
        line = kept;
        tally.count(sent.exchange.became(), sent.took_us);
        tell(asked, one, &sent)?;
    }
    let whole_us = begun.elapsed().as_micros() as u64;
    if asked.json {
        say(&Tree::from([("sums", tally.json(whole_us))]).to_string())?;
    } else {
        say(&tally.line(whole_us))?;
    }
    Ok(tally)
}

fn wait_until(due: Instant, stop: &AtomicBool) {
    const STEP: Duration = Duration::from_millis(100);
    while !stop.load(Ordering::Relaxed) {
        let left = due.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        std::thread::sleep(left.min(STEP));
    }
}

/// Sends one message and takes its answers. The connection comes back if it still stands.
fn exchange(asked: &Hl7Send, one: &Outgoing, mut line: Line, new_id: &str, stop: &AtomicBool) -> (Sent, Option<Line>) {
    let options = ParseOptions::default();
    let parsed = Message::parse(&one.bytes, &options);
    let bytes = match &parsed {
        _ if asked.as_is => one.bytes.clone(),
        Err(_) => one.bytes.clone(),
        Ok(message) if asked.new_ids => {
            let now = Timestamp::now().strftime("%Y%m%d%H%M%S+0000").to_string();
            renewed(message, new_id, &now)
        }
        Ok(message) => for_the_wire(message),
    };
    let on_the_wire = Message::parse(&bytes, &options);
    let (event, exchange) = match &on_the_wire {
        Ok(message) => {
            let (kind, trigger) = message.event();
            (format!("{kind}^{trigger}"), Exchange::of(message))
        }
        Err(_) => (String::new(), Exchange::of_unreadable()),
    };
    let mut sent = Sent { event, exchange, silence: None, took_us: None };
    let begun = Instant::now();
    if let Err(error) = line.send(&bytes) {
        sent.silence = Some(error);
        return (sent, None);
    }
    let patience = Duration::from_secs(asked.timeout);
    let other = |text: &str| records::tell_operator!("medweave: {}: {text}", one.name);
    match line.answers(&mut sent.exchange, patience, stop, other) {
        Ok(()) => {
            let has_answer = sent.exchange.accept().is_some() || sent.exchange.application().is_some();
            sent.took_us = has_answer.then(|| begun.elapsed().as_micros() as u64);
        }
        Err(Silence::TooLong(waited)) => {
            sent.silence = Some(format!("no answer came within {} s", waited.as_secs()));
            // What comes too late on this line would be taken for the answer to the next message.
            return (sent, None);
        }
        Err(Silence::Stopped) => sent.silence = Some("stopped before an answer came".to_owned()),
        Err(Silence::Gone(why)) => {
            sent.silence = Some(why);
            return (sent, None);
        }
    }
    (sent, Some(line))
}

/// Says what became of one message.
fn tell(asked: &Hl7Send, one: &Outgoing, sent: &Sent) -> Result<(), Failure> {
    let became = sent.exchange.became();
    if asked.quiet && became == Became::Accepted {
        return Ok(());
    }
    let answers: Vec<_> = [sent.exchange.accept(), sent.exchange.application()].into_iter().flatten().collect();
    if asked.json {
        let became = match became {
            Became::Accepted => "accepted",
            Became::Refused => "refused",
            Became::Unanswered => "unanswered",
        };
        let mut told = Tree::from([
            ("message", one.name.as_str().into()),
            ("event", sent.event.as_str().into()),
            ("control_id", sent.exchange.control_id().into()),
            ("became", became.into()),
            ("answers", answers.iter().map(|answer| answer.json()).collect::<Vec<Tree>>().into()),
        ]);
        if let Some(took_us) = sent.took_us {
            told.set("took_us", Tree::Number(took_us.to_string()));
        }
        if let Some(silence) = &sent.silence {
            told.set("silence", silence.as_str());
        }
        return say(&told.to_string());
    }
    let mut parts: Vec<String> = answers.iter().map(ToString::to_string).collect();
    parts.extend(sent.silence.clone());
    if parts.is_empty() {
        parts.push("sent; it asks for no answer".to_owned());
    }
    let took = sent.took_us.map_or_else(String::new, |us| format!(" ({:.1} ms)", us as f64 / 1e3));
    say(&format!("{}: {} {}: {}{took}", one.name, sent.event, sent.exchange.control_id(), parts.join(", ")))?;
    for error in answers.iter().flat_map(|answer| &answer.errors) {
        say(&format!("  {error}"))?;
    }
    Ok(())
}
