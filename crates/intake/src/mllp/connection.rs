//! One connection: bytes to frames, frames to answers.

use super::Door;
use super::take;
use hl7::mllp::{Framer, Received, frame};
use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, TcpStream};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// The longest message.
pub(super) const MESSAGE_BYTES: usize = 16 << 20;
/// A connection on which nothing comes for so long is closed; senders open another.
const IDLE: Duration = Duration::from_mins(30);
/// How long a message may take from its first byte to its last.
const UNDERWAY: Duration = Duration::from_mins(2);
/// How long a sender may take to read an answer.
const ANSWER: Duration = Duration::from_secs(30);
/// How often a waiting connection looks whether the port is being closed.
const LOOK: Duration = Duration::from_millis(250);
const READ_BYTES: usize = 64 << 10;

pub(super) fn serve(mut stream: TcpStream, from: IpAddr, door: &Door) {
    if stream.set_read_timeout(Some(LOOK)).is_err() || stream.set_write_timeout(Some(ANSWER)).is_err() {
        return;
    }
    let _ = stream.set_nodelay(true);
    let mut framer = Framer::new(MESSAGE_BYTES);
    let mut buffer = vec![0; READ_BYTES];
    let (mut last_byte, mut begun) = (Instant::now(), None::<Instant>);
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return,
            Ok(count) => {
                last_byte = Instant::now();
                framer.push(&buffer[..count]);
                let mut took_one = false;
                while let Some(received) = framer.next() {
                    took_one = true;
                    if !answer(&mut stream, from, door, received) {
                        return;
                    }
                }
                begun = if took_one { None } else { begun.or(Some(last_byte)) };
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                let is_late = begun.is_some_and(|begun| begun.elapsed() > UNDERWAY);
                if door.stopping.load(Ordering::Acquire) || is_late || last_byte.elapsed() > IDLE {
                    return;
                }
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}

/// Takes a frame and answers it. False ends the connection: the sender sends again what was not answered.
fn answer(stream: &mut TcpStream, from: IpAddr, door: &Door, received: Received) -> bool {
    let answers = match received {
        Received::Message(bytes) => match door.access.source_by_address(from) {
            Ok(allowed) => take::message(&door.records, &allowed, bytes),
            Err(_) => return false,
        },
        Received::TooLong { limit_bytes } => vec![take::too_long(&door.records, limit_bytes)],
        // Its sender knows that it did not finish it, and sends it again.
        Received::Unfinished { .. } => return true,
    };
    answers.iter().all(|answer| stream.write_all(&frame(answer)).and_then(|()| stream.flush()).is_ok())
}
