//! What goes over the wire.

use crate::message::{Message, escape};

/// The message with a carriage return behind each segment, as the standard has it, whatever ended its lines; bytes before, between and behind
/// segments are left out.
///
/// ```
/// use hl7::{Message, ParseOptions, exchange};
/// let message = Message::parse(b"MSH|^~\\&|A\r\n\r\nPID|1\n", &ParseOptions::default()).unwrap();
/// assert_eq!(exchange::for_the_wire(&message), b"MSH|^~\\&|A\rPID|1\r");
/// ```
pub fn for_the_wire(message: &Message<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.raw().len() + 1);
    for segment in message.all() {
        out.extend_from_slice(segment.raw());
        out.push(b'\r');
    }
    out
}

/// The same with another time (MSH-7) and control id (MSH-10), so that a receiver does not take it for a repeat.
///
/// ```
/// use hl7::{Message, ParseOptions, exchange};
/// let message = Message::parse(b"MSH|^~\\&|A||||2024||ADT^A31|1\rPID|1\r", &ParseOptions::default()).unwrap();
/// let sent = exchange::renewed(&message, "T1", "20260101120000+0000");
/// assert_eq!(sent, b"MSH|^~\\&|A||||20260101120000+0000||ADT^A31|T1\rPID|1\r");
/// ```
pub fn renewed(message: &Message<'_>, control_id: &str, time: &str) -> Vec<u8> {
    const TIME: u16 = 7;
    const CONTROL_ID: u16 = 10;
    let (header, separators) = (message.header(), message.separators());
    let mut out = Vec::with_capacity(message.raw().len() + control_id.len() + time.len());
    out.extend_from_slice(b"MSH");
    let count = u16::try_from(header.field_count()).unwrap_or(u16::MAX).max(CONTROL_ID);
    for number in 1..=count {
        // MSH-1 is the separator before MSH-2.
        if number != 2 {
            out.push(separators.field);
        }
        let new = match number {
            1 => continue,
            TIME => time,
            CONTROL_ID => control_id,
            _ => {
                out.extend_from_slice(header.field(number).raw());
                continue;
            }
        };
        out.extend(message.charset().encode(&escape(new, separators)));
    }
    out.push(b'\r');
    for segment in message.all().skip(1) {
        out.extend_from_slice(segment.raw());
        out.push(b'\r');
    }
    out
}
