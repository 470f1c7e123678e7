//! The way to a SQL Server: TLS as its protocol has it, under a driver that believes that there is none.
//!
//! In TDS 7 the handshake of TLS travels in packets of the kind PRELOGIN, after both sides have said in their first packets that they
//! want it ([MS-TDS] 2.2.6.5, 3.2.5.1); after the handshake TDS goes through TLS. [`encrypted`] does all this. The driver then writes a
//! first packet of its own, which is swallowed, and reads the server's answer to ours. So there is one library of
//! TLS in the program, and one answer to whom it trusts.

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Bytes of the header of a packet: type, status, length, process, number, window.
const HEADER_BYTES: usize = 8;
/// Bytes of a packet before sizes are agreed.
const PACKET_BYTES: usize = 4096;
const PRELOGIN: u8 = 0x12;
const RESPONSE: u8 = 0x04;
/// The last packet of a message.
const END_OF_MESSAGE: u8 = 0x01;
/// The longest answer to a first packet that is read.
const ANSWER_BYTES: usize = 64 << 10;

/// What a server says of encryption.
const ENCRYPT_ON: u8 = 1;
const ENCRYPT_REQUIRED: u8 = 3;

/// Our first packet: version, encryption on, no instance, no thread, no multiple results.
const FIRST: [u8; 47] = [
    PRELOGIN,
    END_OF_MESSAGE,
    0,
    47,
    0,
    0,
    0,
    0, // header
    0,
    0,
    26,
    0,
    6, // VERSION at 26, 6 bytes
    1,
    0,
    32,
    0,
    1, // ENCRYPTION
    2,
    0,
    33,
    0,
    1, // INSTOPT
    3,
    0,
    34,
    0,
    4, // THREADID
    4,
    0,
    38,
    0,
    1,    // MARS
    0xff, // end of the list
    0,
    0,
    0,
    0,
    0,
    0, // version
    ENCRYPT_ON,
    0,
    0,
    0,
    0,
    0,
    0,
];

/// A stream that the driver speaks TDS over.
pub(super) struct Tunnel<S> {
    stream: Carrier<S>,
    /// The driver's own first packet, as far as it came; `None` when all of it was swallowed, or none is to be.
    swallowed: Option<Vec<u8>>,
    /// What the driver is given to read before anything else.
    answer: io::Cursor<Vec<u8>>,
}

enum Carrier<S> {
    Plain(S),
    Tls(Box<TlsStream<InPackets<S>>>),
}

/// A stream in the clear.
pub(super) fn plain<S>(stream: S) -> Tunnel<S> {
    Tunnel { stream: Carrier::Plain(stream), swallowed: None, answer: io::Cursor::default() }
}

/// A stream under TLS.
pub(super) async fn encrypted<S>(mut stream: S, host: &str, config: ClientConfig) -> io::Result<Tunnel<S>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    stream.write_all(&FIRST).await?;
    stream.flush().await?;
    let answer = message(&mut stream).await?;
    match encryption(&answer) {
        Some(ENCRYPT_ON | ENCRYPT_REQUIRED) => {}
        _ => {
            let text = "the server offers no encryption: let it, or say tls=off in the address if the network between is yours alone";
            return Err(io::Error::new(io::ErrorKind::Unsupported, text));
        }
    }
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    let connector = TlsConnector::from(Arc::new(config));
    let mut tls = connector.connect(name, InPackets::new(stream)).await?;
    // TDS goes through TLS from here on, and TLS no longer in packets.
    tls.get_mut().0.is_over = true;
    Ok(Tunnel { stream: Carrier::Tls(Box::new(tls)), swallowed: Some(Vec::new()), answer: io::Cursor::new(answer) })
}

/// A whole message with the headers of its packets.
async fn message<S: AsyncRead + Unpin>(stream: &mut S) -> io::Result<Vec<u8>> {
    let mut all = Vec::new();
    loop {
        let mut header = [0; HEADER_BYTES];
        stream.read_exact(&mut header).await?;
        let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
        if header[0] != RESPONSE || length < HEADER_BYTES || all.len() + length > ANSWER_BYTES {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "what answers there is no SQL Server"));
        }
        let at = all.len();
        all.extend_from_slice(&header);
        all.resize(at + length, 0);
        stream.read_exact(&mut all[at + HEADER_BYTES..]).await?;
        if header[1] & END_OF_MESSAGE != 0 {
            return Ok(all);
        }
    }
}

/// What an answer of one packet says of encryption.
fn encryption(answer: &[u8]) -> Option<u8> {
    let body = answer.get(HEADER_BYTES..)?;
    let option = body.chunks_exact(5).take_while(|option| option[0] != 0xff).find(|option| option[0] == 1)?;
    let at = usize::from(u16::from_be_bytes([option[1], option[2]]));
    body.get(at).copied()
}

impl<S: AsyncRead + AsyncWrite + Unpin> futures_io::AsyncRead for Tunnel<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let read = io::Read::read(&mut self.answer, buffer)?;
        if read > 0 || buffer.is_empty() {
            return Poll::Ready(Ok(read));
        }
        let mut buffer = ReadBuf::new(buffer);
        ready!(match &mut self.stream {
            Carrier::Plain(stream) => Pin::new(stream).poll_read(context, &mut buffer),
            Carrier::Tls(stream) => Pin::new(stream).poll_read(context, &mut buffer),
        })?;
        Poll::Ready(Ok(buffer.filled().len()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> futures_io::AsyncWrite for Tunnel<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        if let Some(first) = &mut self.swallowed {
            first.extend_from_slice(buffer);
            let length = first.get(2..4).map(|length| usize::from(u16::from_be_bytes([length[0], length[1]])));
            match length {
                Some(length) if first.len() > length => {
                    return Poll::Ready(Err(io::Error::other("the driver wrote more than its first packet")));
                }
                Some(length) if first.len() == length => self.swallowed = None,
                _ => {}
            }
            return Poll::Ready(Ok(buffer.len()));
        }
        match &mut self.stream {
            Carrier::Plain(stream) => Pin::new(stream).poll_write(context, buffer),
            Carrier::Tls(stream) => Pin::new(stream).poll_write(context, buffer),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Carrier::Plain(stream) => Pin::new(stream).poll_flush(context),
            Carrier::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Carrier::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Carrier::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}

/// A stream whose bytes travel in packets of the kind PRELOGIN, until the handshake is over.
struct InPackets<S> {
    stream: S,
    is_over: bool,
    /// What is written since the last flush: one message, cut into packets when it is flushed.
    gathered: Vec<u8>,
    /// Packets that are on their way, and how much of them is.
    going: (Vec<u8>, usize),
    /// The header of the packet that is being read, as far as it came.
    header: ([u8; HEADER_BYTES], usize),
    /// Bytes of its content that are still to come.
    left: usize,
}

impl<S: AsyncRead + AsyncWrite + Unpin> InPackets<S> {
    fn new(stream: S) -> Self {
        InPackets {
            stream,
            is_over: false,
            gathered: Vec::new(),
            going: (Vec::new(), 0),
            header: ([0; HEADER_BYTES], 0),
            left: 0,
        }
    }

    fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.gathered.is_empty() {
            let content = PACKET_BYTES - HEADER_BYTES;
            let count = self.gathered.len().div_ceil(content);
            for (no, part) in self.gathered.chunks(content).enumerate() {
                let status = if no + 1 == count { END_OF_MESSAGE } else { 0 };
                let [high, low] = ((part.len() + HEADER_BYTES) as u16).to_be_bytes();
                self.going.0.extend([PRELOGIN, status, high, low, 0, 0, no as u8, 0]);
                self.going.0.extend_from_slice(part);
            }
            self.gathered.clear();
        }
        while self.going.1 < self.going.0.len() {
            let written = ready!(Pin::new(&mut self.stream).poll_write(context, &self.going.0[self.going.1..]))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.going.1 += written;
        }
        self.going = (Vec::new(), 0);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for InPackets<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.is_over {
            return Pin::new(&mut this.stream).poll_read(context, buffer);
        }
        while this.left == 0 {
            let (bytes, had) = &mut this.header;
            let mut rest = ReadBuf::new(&mut bytes[*had..]);
            ready!(Pin::new(&mut this.stream).poll_read(context, &mut rest))?;
            match rest.filled().len() {
                0 => return Poll::Ready(Ok(())),
                read => *had += read,
            }
            if *had == HEADER_BYTES {
                let length = usize::from(u16::from_be_bytes([bytes[2], bytes[3]]));
                this.left = length.checked_sub(HEADER_BYTES).ok_or(io::ErrorKind::InvalidData)?;
                *had = 0;
            }
        }
        let mut part = buffer.take(this.left);
        ready!(Pin::new(&mut this.stream).poll_read(context, &mut part))?;
        let read = part.filled().len();
        // The part is a view of the buffer's own bytes, which are filled now.
        let filled = buffer.filled().len() + read;
        buffer.initialize_unfilled_to(read);
        buffer.set_filled(filled);
        this.left -= read;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for InPackets<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        if self.is_over {
            ready!(self.poll_send(context))?;
            return Pin::new(&mut self.stream).poll_write(context, buffer);
        }
        self.gathered.extend_from_slice(buffer);
        Poll::Ready(Ok(buffer.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_send(context))?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_send(context))?;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
