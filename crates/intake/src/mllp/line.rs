//! The bytes of a connection, in the clear or under TLS.

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a sender may take for the TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// A connection.
pub(super) enum Line {
    Plain(TcpStream),
    Encrypted(Box<StreamOwned<ServerConnection, TcpStream>>),
}

impl Line {
    /// Takes a connection; under TLS once the handshake is done.
    pub(super) fn open(stream: TcpStream, tls: Option<&Arc<ServerConfig>>) -> io::Result<Line> {
        let Some(tls) = tls else { return Ok(Line::Plain(stream)) };
        let connection = ServerConnection::new(Arc::clone(tls)).map_err(io::Error::other)?;
        let mut encrypted = StreamOwned::new(connection, stream);
        let begun = Instant::now();
        while encrypted.conn.is_handshaking() {
            if begun.elapsed() > HANDSHAKE {
                return Err(io::Error::new(ErrorKind::TimedOut, "the TLS handshake took too long"));
            }
            match encrypted.conn.complete_io(&mut encrypted.sock) {
                Ok((0, 0)) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(_) => {}
                Err(error) if is_pause(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Line::Encrypted(Box::new(encrypted)))
    }
}

/// True if nothing came for a while, and more may.
pub(super) fn is_pause(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

impl Read for Line {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Line::Plain(stream) => stream.read(buffer),
            Line::Encrypted(stream) => stream.read(buffer),
        }
    }
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Line::Plain(stream) => stream.write(bytes),
            Line::Encrypted(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Line::Plain(stream) => stream.flush(),
            Line::Encrypted(stream) => stream.flush(),
        }
    }
}
