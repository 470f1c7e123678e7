//! The connection of a sender: in the clear or under TLS, with frames of MLLP.

use super::tls::{Tls, advice};
use crate::cli::Destination;
use ::hl7::exchange::{Exchange, Taken, Waits};
use ::hl7::mllp::{Framer, Received, frame};
use rustls::{ClientConnection, StreamOwned};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How long a read waits before it is looked whether somebody wants to stop.
const PAUSE: Duration = Duration::from_millis(100);
/// How long an answer is waited for that comes on error alone, or on success alone.
const PERHAPS: Duration = Duration::from_secs(3);

enum Stream {
    Plain(TcpStream),
    Encrypted(Box<StreamOwned<ClientConnection, TcpStream>>),
}

/// A connection.
pub(super) struct Line {
    stream: Stream,
    framer: Framer,
}

/// Why an answer did not come.
pub(super) enum Silence {
    /// None came in time; the connection stands.
    TooLong(Duration),
    /// Somebody wants to stop.
    Stopped,
    /// The connection is gone.
    Gone(String),
}

impl Line {
    /// Connects; under TLS once the handshake is done.
    pub(super) fn open(to: &Destination, tls: Option<&Tls>, patience: Duration) -> Result<Line, String> {
        let name = format!("{}:{}", to.host, to.port);
        let failed = |error: &dyn std::fmt::Display| format!("{name} cannot be connected to: {error}");
        let addresses = (to.host.as_str(), to.port).to_socket_addrs().map_err(|error| failed(&error))?;
        let mut last = failed(&"the name has no address");
        for address in addresses {
            match TcpStream::connect_timeout(&address, patience) {
                Ok(stream) => return Line::over(stream, tls, patience).map_err(|error| shake(&name, &error)),
                Err(error) => last = failed(&error),
            }
        }
        Err(last)
    }

    fn over(stream: TcpStream, tls: Option<&Tls>, patience: Duration) -> io::Result<Line> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PAUSE))?;
        stream.set_write_timeout(Some(patience))?;
        let Some(tls) = tls else { return Ok(Line { stream: Stream::Plain(stream), framer: Framer::default() }) };
        let connection =
            ClientConnection::new(Arc::clone(&tls.config), tls.server.clone()).map_err(io::Error::other)?;
        let mut encrypted = StreamOwned::new(connection, stream);
        let begun = Instant::now();
        while encrypted.conn.is_handshaking() {
            if begun.elapsed() > patience {
                return Err(io::Error::new(ErrorKind::TimedOut, "the TLS handshake took too long"));
            }
            match encrypted.conn.complete_io(&mut encrypted.sock) {
                Ok((0, 0)) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(_) => {}
                Err(error) if is_pause(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Line { stream: Stream::Encrypted(Box::new(encrypted)), framer: Framer::default() })
    }

    /// Sends a message in its frame.
    pub(super) fn send(&mut self, message: &[u8]) -> Result<(), String> {
        let framed = frame(message);
        let sent = match &mut self.stream {
            Stream::Plain(stream) => stream.write_all(&framed).and_then(|()| stream.flush()),
            Stream::Encrypted(stream) => stream.write_all(&framed).and_then(|()| stream.flush()),
        };
        sent.map_err(|error| gone(&error))
    }

    /// Takes answers until the exchange waits for no more. What is not of it is told by `other`.
    pub(super) fn answers(
        &mut self,
        exchange: &mut Exchange,
        patience: Duration,
        stop: &AtomicBool,
        mut other: impl FnMut(&str),
    ) -> Result<(), Silence> {
        let begun = Instant::now();
        let mut buffer = [0; 16 << 10];
        loop {
            while exchange.waits() != Waits::Done
                && let Some(received) = self.framer.next()
            {
                match received {
                    Received::Message(bytes) => match exchange.take(&bytes) {
                        Taken::Ours(_) => {}
                        Taken::OfAnother(told) => {
                            other(&format!(
                                "an answer to another message came: {told}, to control id \"{}\"",
                                told.control_id
                            ));
                        }
                        Taken::NoAnswer(error) => other(&error.to_string()),
                    },
                    Received::Unfinished { .. } => other("an answer broke off and began anew"),
                    Received::TooLong { length, .. } => {
                        other(&format!("an answer of {length} bytes is too long to be one"));
                    }
                }
            }
            let patience = match exchange.waits() {
                Waits::Done => return Ok(()),
                Waits::Needed => patience,
                Waits::Perhaps => patience.min(PERHAPS),
            };
            if stop.load(Ordering::Relaxed) {
                return Err(Silence::Stopped);
            }
            if begun.elapsed() >= patience {
                return Err(Silence::TooLong(patience));
            }
            let read = match &mut self.stream {
                Stream::Plain(stream) => stream.read(&mut buffer),
                Stream::Encrypted(stream) => stream.read(&mut buffer),
            };
            match read {
                Ok(0) => return Err(Silence::Gone("the receiver closed the connection".to_owned())),
                Ok(count) => self.framer.push(&buffer[..count]),
                Err(error) if is_pause(&error) => {}
                Err(error) => return Err(Silence::Gone(gone(&error))),
            }
        }
    }
}

/// True if nothing came for a while, and more may.
fn is_pause(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

fn gone(error: &io::Error) -> String {
    let text = error.to_string();
    match advice(&text) {
        "" => format!("the connection broke off: {text}"),
        advice => format!("the connection broke off ({text}): {advice}"),
    }
}

fn shake(name: &str, error: &io::Error) -> String {
    let text = match error.kind() {
        ErrorKind::UnexpectedEof => "it closed the connection".to_owned(),
        _ => error.to_string(),
    };
    match advice(&text) {
        "" => format!("{name} cannot be spoken to: {text}"),
        advice => format!("{name} cannot be spoken to ({text}): {advice}"),
    }
}
