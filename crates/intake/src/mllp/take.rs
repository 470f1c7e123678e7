//! What becomes of one message: stored and accepted, kept as a dead letter and refused, or turned away.

use crate::fhir_door::refusal;
use crate::hl7_door::{MessagePlan, Reading, dead_letter};
use crate::import::kept::{RAW_MEDIA, beginning};
use crate::import::resources::Letter;
use access::AllowedSource;
use hl7::ack::{self, Answer, Condition, Fault, Outcome, Stamp};
use hl7::{Message, ParseError};
use jiff::Timestamp;
use records::{Arrived, Error, NewDeadLetter, Records, ReuseArrival, Trail};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Messages longer than this are taken one at a time, whoever sends them: what is made of one takes many times its length.
pub(super) const HEAVY_BYTES: usize = 1 << 20;

/// Which answers a sender gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Acknowledge {
    /// One application acknowledgement to every message, whatever MSH-15 and MSH-16 ask for: a sender learns what became of
    /// each, and which answer belongs to it.
    #[default]
    Always,
    /// What MSH-15 and MSH-16 ask for: none, an accept acknowledgement, an application acknowledgement, or both (HL7 2.9,
    /// 2.9.3). A message that leaves both empty gets one application acknowledgement; what cannot be read, or could not be kept,
    /// is refused in any case.
    AsAsked,
}

/// Numbers answers within the life of the program.
static ANSWERED: AtomicU64 = AtomicU64::new(0);

/// Time and control id of the next answer.
struct Now {
    time: String,
    control_id: String,
}

impl Now {
    fn of(records: &Records) -> Now {
        let now_us = records.now_us();
        let time = Timestamp::from_microsecond(now_us)
            .map_or_else(|_| String::new(), |now| now.strftime("%Y%m%d%H%M%S+0000").to_string());
        let number = ANSWERED.fetch_add(1, Ordering::Relaxed);
        Now { time, control_id: format!("{:x}-{number:x}", now_us / 1_000_000) }
    }

    fn stamp(&self) -> Stamp<'_> {
        Stamp { time: &self.time, control_id: &self.control_id }
    }
}

/// Stores a message and gives the answers to it; when they are given, the message is on disk or was refused.
pub(super) fn message(
    records: &Records,
    allowed: &AllowedSource,
    bytes: Vec<u8>,
    acknowledge: Acknowledge,
) -> Vec<Vec<u8>> {
    let source = &allowed.source;
    let reading = Reading::of(source);
    let bytes = Arc::new(bytes);
    let now = Now::of(records);
    let parsed = Message::parse(&bytes, &reading.options);
    let about = Arrived {
        door: "mllp".into(),
        source: source.name.clone(),
        name: parsed.as_ref().map_or_else(|_| String::new(), called),
        media: "application/hl7-v2".into(),
        wrapper: String::new(),
        base: 0,
    };
    let plan = MessagePlan::new(Arc::clone(&bytes), reading);
    let result = store(records, allowed, &bytes, &about, plan.clone());
    match parsed {
        Ok(message) => {
            let answer = match result {
                Ok(()) => accepted(&plan, &about),
                Err(error) => kept(records, allowed, &bytes, &about, &plan, &error),
            };
            let asked = match acknowledge {
                Acknowledge::Always => Vec::new(),
                Acknowledge::AsAsked => {
                    let asked = ack::answer(&message, &answer, now.stamp());
                    asked.accept.into_iter().chain(asked.application).collect()
                }
            };
            // What was rejected is nowhere here: its sender hears it, whatever it asked for, and sends it again.
            let must_hear = acknowledge == Acknowledge::Always || answer.outcome == Outcome::Rejected;
            if asked.is_empty() && must_hear { vec![ack::one(&message, &answer, now.stamp())] } else { asked }
        }
        Err(unreadable) => {
            if let Err(error) = result {
                kept(records, allowed, &bytes, &about, &plan, &error);
            }
            vec![ack::reject_unreadable(&bytes, &unreadable, now.stamp())]
        }
    }
}

/// Keeps the beginning of a message that is too long, as a dead letter that says how long it was; the answer is AR.
pub(super) fn too_long(
    records: &Records,
    allowed: &AllowedSource,
    head: Vec<u8>,
    length: u64,
    limit: usize,
    acknowledge: Acknowledge,
) -> Vec<Vec<u8>> {
    let error = ParseError::TooLong { bytes: usize::try_from(length).unwrap_or(usize::MAX), limit };
    let head = Arc::new(head);
    let now = Now::of(records);
    let header = &head[..memchr::memchr2(b'\r', b'\n', &head).unwrap_or(head.len())];
    let header = Message::parse(header, &Reading::of(&allowed.source).options);
    let about = Arrived {
        door: "mllp".into(),
        source: allowed.source.name.clone(),
        name: header.as_ref().map_or_else(|_| String::new(), called),
        media: RAW_MEDIA.into(),
        wrapper: beginning(length),
        base: 0,
    };
    let letter = Letter(NewDeadLetter {
        at: 0,
        length: head.len() as u64,
        what: format!("{error}; the first {} bytes are kept", head.len()),
        place: String::new(),
        hint: "have it sent in parts, or replay it with the whole, made shorter".into(),
    });
    let trail = Trail { action: "message".into(), detail: format!("{} refused", about.name) };
    let source = about.source.clone();
    let written = records.write(&allowed.grant, trail, about, &head, ReuseArrival::IfSame, letter);
    if let Err(error) = &written {
        records::tell_operator!(
            "medweave: the beginning of a message of {source} that is too long could not be kept: {error}"
        );
    }
    let is_asked = |header: &Message<'_>| match (acknowledge, ack::Mode::of(header)) {
        (Acknowledge::AsAsked, ack::Mode::Enhanced { accept, application }) => {
            accept.covers(Outcome::Rejected) || application.covers(Outcome::Rejected)
        }
        _ => true,
    };
    if written.is_ok() && header.as_ref().is_ok_and(|header| !is_asked(header)) {
        return Vec::new();
    }
    vec![ack::reject_unreadable(&head, &error, now.stamp())]
}

/// The answer to a message that was stored, with what its sender must know.
fn accepted(plan: &MessagePlan, about: &Arrived) -> Answer {
    const FAULTS: usize = 10;
    let told = plan.seen().told;
    let text = told.first().map_or_else(String::new, |(_, first)| first.clone());
    if !told.is_empty() {
        let more = told.len() - 1;
        records::tell_operator!("medweave: a message of {} was stored, but {text} ({more} more such)", about.source);
    }
    let faults = told.into_iter().take(FAULTS).map(|(place, text)| Fault {
        condition: Condition::DuplicateKey,
        place,
        is_warning: true,
        text,
    });
    Answer { outcome: Outcome::Accepted, text, faults: faults.collect() }
}

fn store(
    records: &Records,
    allowed: &AllowedSource,
    bytes: &Arc<Vec<u8>>,
    about: &Arrived,
    plan: MessagePlan,
) -> Result<(), Error> {
    let trail = crate::hl7_door::trail("message", &about.name, bytes, &plan.reading().options);
    // The content holds application, facility and control id: equal bytes are the same message. A repeat that comes after newer
    // messages must not bring old values back.
    match records.write(&allowed.grant, trail, about.clone(), bytes, ReuseArrival::Repeat, plan) {
        // What was taken is not refused for what came since.
        Err(_) if records.is_repeat(&allowed.grant, &about.source, bytes).unwrap_or(false) => Ok(()),
        written => written.map(drop),
    }
}

/// Keeps a message that was refused as a dead letter, and says what to answer: AE if it can be corrected, AR if the fault is ours.
fn kept(
    records: &Records,
    allowed: &AllowedSource,
    bytes: &Arc<Vec<u8>>,
    about: &Arrived,
    plan: &MessagePlan,
    error: &Error,
) -> Answer {
    const FAULT_OF_OURS: u16 = 500;
    const NOT_NOW: u16 = 429;
    let refused = refusal(error);
    let busy = || {
        let text = "the message could not be stored now; send it again";
        Answer::refused(Outcome::Rejected, Condition::ApplicationInternal, None, text)
    };
    if refused.status >= FAULT_OF_OURS || refused.status == NOT_NOW {
        records::tell_operator!("medweave: a message of {} could not be stored: {error}", about.source);
        return busy();
    }
    let trail = Trail { action: "message".into(), detail: format!("{} refused", about.name) };
    let letter = dead_letter(bytes.len() as u64, error);
    match records.write(&allowed.grant, trail, about.clone(), bytes, ReuseArrival::IfSame, letter) {
        Ok(_) => {
            let (condition, place) = plan.fault(error);
            Answer::refused(Outcome::Error, condition, place, refused.text())
        }
        Err(error) => {
            records::tell_operator!(
                "medweave: a message of {} that was refused could not be kept: {error}",
                about.source
            );
            busy()
        }
    }
}

/// What the sender calls it: event, application, facility, control id.
fn called(message: &Message<'_>) -> String {
    const NAME_CHARACTERS: usize = 120;
    let header = message.header();
    let (kind, trigger) = message.event();
    let text = |number| header.field(number).text().trim().to_owned();
    let parts = [format!("{kind}^{trigger}"), text(3), text(4), text(10)];
    parts.join(" ").chars().take(NAME_CHARACTERS).collect()
}
