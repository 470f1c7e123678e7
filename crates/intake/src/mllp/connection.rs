//! One connection: bytes to frames, frames to answers.

use super::Door;
use super::line::{Line, is_pause};
use super::take;
use hl7::mllp::{Framer, Received, frame};
use std::io::{Read, Write};
use std::net::{IpAddr, TcpStream};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// The longest message.
pub(super) const MESSAGE_BYTES: usize = 16 << 20;
/// How long a sender may take to read an answer.
const ANSWER: Duration = Duration::from_secs(30);
/// How often a waiting connection looks whether the port is being closed.
const LOOK: Duration = Duration::from_millis(250);
const READ_BYTES: usize = 64 << 10;
/// Bytes outside of any frame after which a sender is taken for one that does not frame its messages.
const STRAY_BYTES: u64 = 64 << 10;

/// How long a sender may dawdle.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// From a message's first byte to its last; also how long it waits for memory that others hold.
    pub message: Duration,
    /// From the connection, or the last message, to the next one.
    pub idle: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Patience { message: Duration::from_mins(2), idle: Duration::from_mins(30) }
    }
}

/// Why a connection ends.
enum End {
    /// The sender hung up, or the port is being closed.
    Quiet,
    /// Worth a line for the operator.
    Told(String),
}

pub(super) fn serve(stream: TcpStream, from: IpAddr, door: &Door) {
    if stream.set_read_timeout(Some(LOOK)).is_err() || stream.set_write_timeout(Some(ANSWER)).is_err() {
        return;
    }
    let _ = stream.set_nodelay(true);
    let ended = match Line::open(stream, door.tls.as_ref()) {
        Ok(mut line) => take_messages(&mut line, from, door),
        Err(error) => End::Told(format!("no TLS came about: {error}")),
    };
    if let End::Told(why) = ended {
        records::tell_operator!("medweave: the MLLP connection from {from} was closed: {why}");
    }
}

fn take_messages(line: &mut Line, from: IpAddr, door: &Door) -> End {
    let mut framer = Framer::new(MESSAGE_BYTES);
    let mut share = door.budget.share(from);
    let mut buffer = vec![0; READ_BYTES];
    // Since when a message is underway, or nothing is.
    let (mut since, mut was_inside) = (Instant::now(), false);
    loop {
        let count = match line.read(&mut buffer) {
            Ok(0) => return End::Quiet,
            Ok(count) => count,
            Err(error) if is_pause(&error) => 0,
            Err(_) => return End::Quiet,
        };
        if count > 0 {
            if !grow(&mut share, framer.held_bytes() + count, since, door) {
                let why = "its message found no room beside those of others; the sender sends it again";
                return End::Told(why.to_owned());
            }
            framer.push(&buffer[..count]);
            let mut took_one = false;
            while let Some(received) = framer.next() {
                took_one = true;
                if !answer(line, from, door, received) {
                    return End::Quiet;
                }
            }
            share.shrink(framer.held_bytes());
            if took_one || framer.is_inside() != was_inside {
                since = Instant::now();
            }
            was_inside = framer.is_inside();
        }
        if door.stopping.load(Ordering::Acquire) && count == 0 {
            return End::Quiet;
        }
        // A sender that sends a byte now and then is as slow as one that sends none.
        if was_inside && since.elapsed() > door.patience.message {
            return End::Told("a message was begun and not ended in time".to_owned());
        }
        if !was_inside && since.elapsed() > door.patience.idle {
            return End::Quiet;
        }
        if framer.stray_bytes() > STRAY_BYTES {
            return End::Told("what it sends is not framed (MLLP: 0x0B message 0x1C 0x0D)".to_owned());
        }
    }
}

/// Waits for room as long as the message has time.
fn grow(share: &mut super::budget::Share<'_>, bytes: usize, since: Instant, door: &Door) -> bool {
    loop {
        if share.grow(bytes, LOOK) {
            return true;
        }
        if door.stopping.load(Ordering::Acquire) || since.elapsed() > door.patience.message {
            return false;
        }
    }
}

/// Takes a frame and answers it. False ends the connection: the sender sends again what was not answered.
fn answer(line: &mut Line, from: IpAddr, door: &Door, received: Received) -> bool {
    // Its sender knows that it did not finish it, and sends it again.
    if let Received::Unfinished { .. } = received {
        return true;
    }
    let Ok(allowed) = door.access.source_by_address(from) else { return false };
    let turn = door.turns.of(allowed.source.id);
    let _turn = turn.take();
    let answers = match received {
        Received::Message(bytes) => {
            let _heavy = (bytes.len() > take::HEAVY_BYTES).then(|| door.heavy.take());
            take::message(&door.records, &allowed, bytes, door.acknowledge)
        }
        Received::TooLong { head, length, limit_bytes } => {
            records::tell_operator!(
                "medweave: a message from {from} has {length} bytes, {limit_bytes} are allowed: it was refused"
            );
            take::too_long(&door.records, &allowed, head, length, limit_bytes, door.acknowledge)
        }
        Received::Unfinished { .. } => Vec::new(),
    };
    answers.iter().all(|answer| line.write_all(&frame(answer)).and_then(|()| line.flush()).is_ok())
}
