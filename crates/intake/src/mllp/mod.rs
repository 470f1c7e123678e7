//! HL7 v2 over MLLP: a port that takes messages, stores each, and acknowledges it once it is on disk.
//!
//! A connection is a queue: its messages are taken one after the other and answered in their order. Each connection has its
//! thread, so a slow sender keeps nobody waiting. Who may send is asked anew for every message, by the address it comes from.

mod connection;
mod take;

use access::Access;
use records::Records;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Connections at a time; one more is closed at once.
const CONNECTIONS: usize = 128;
/// How long connections may finish what they have begun when the port is closed.
const GRACE: Duration = Duration::from_secs(10);

/// What connections share.
struct Door {
    records: Arc<Records>,
    access: Arc<Access>,
    stopping: AtomicBool,
    open: AtomicUsize,
}

/// A port that is being served.
pub struct Server {
    address: SocketAddr,
    door: Arc<Door>,
    accepting: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves a port that is bound.
    ///
    /// # Errors
    /// What the system says of the port, or of a thread for it.
    pub fn start(listener: TcpListener, records: Arc<Records>, access: Arc<Access>) -> io::Result<Server> {
        let address = listener.local_addr()?;
        let door = Arc::new(Door { records, access, stopping: AtomicBool::new(false), open: AtomicUsize::new(0) });
        let accepting = {
            let door = Arc::clone(&door);
            std::thread::Builder::new().name("mllp".into()).spawn(move || accept(&listener, &door))?
        };
        Ok(Server { address, door, accepting: Some(accepting) })
    }

    /// Where it is served.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no more messages. Those that have come whole are stored and answered.
    pub fn stop(mut self) {
        self.close();
    }

    fn close(&mut self) {
        let Some(accepting) = self.accepting.take() else { return };
        self.door.stopping.store(true, Ordering::Release);
        // Wakes the thread that waits for the next connection.
        let _ = TcpStream::connect_timeout(&self.address, Duration::from_secs(1));
        let _ = accepting.join();
        let until = Instant::now() + GRACE;
        while self.door.open.load(Ordering::Acquire) > 0 && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.close();
    }
}

fn accept(listener: &TcpListener, door: &Arc<Door>) {
    loop {
        let accepted = listener.accept();
        if door.stopping.load(Ordering::Acquire) {
            return;
        }
        match accepted {
            // An address that nobody allowed is told nothing, and none of its bytes are read.
            Ok((stream, peer)) if door.access.source_by_address(peer.ip()).is_ok() => {
                if door.open.fetch_add(1, Ordering::AcqRel) >= CONNECTIONS {
                    door.open.fetch_sub(1, Ordering::AcqRel);
                    continue;
                }
                let open = Open(Arc::clone(door));
                let spawned = std::thread::Builder::new()
                    .name("mllp".into())
                    .spawn(move || connection::serve(stream, peer.ip(), &open.0));
                if let Err(error) = spawned {
                    eprintln!("medweave: an MLLP connection could not be served: {error}");
                }
            }
            Ok((_, peer)) => eprintln!(
                "medweave: {} sent to the MLLP port and is no source: `medweave source allow {}` lets it",
                peer.ip(),
                peer.ip()
            ),
            Err(error) => {
                // Out of file handles, mostly: others must close first.
                eprintln!("medweave: an MLLP connection could not be accepted: {error}");
                std::thread::sleep(Duration::from_millis(100));
            }
        }
    }
}

/// Counts a connection for as long as it lives.
struct Open(Arc<Door>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::AcqRel);
    }
}
