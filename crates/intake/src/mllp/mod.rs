//! HL7 v2 over MLLP: a port that takes messages, stores each, and acknowledges it once it is on disk.
//!
//! A connection is a queue: its messages are taken one after the other and answered in their order, and so are those of all
//! connections of a source. Each connection has its thread, and what all hold together is bounded ([`budget`]), so a slow
//! or greedy sender keeps no other source waiting. Who may send is asked anew for every message, by the address it comes from.

mod budget;
mod connection;
mod line;
mod take;
mod turn;

pub use connection::Patience;
pub use take::Acknowledge;

use access::Access;
use budget::Budget;
use records::Records;
use rustls::ServerConfig;
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use turn::{Turn, Turns};

/// Connections at a time; one more is closed at once.
const CONNECTIONS: usize = 256;
/// Connections of one address at a time: holding them open keeps no other address out.
const CONNECTIONS_OF_ONE: usize = 64;
/// How long connections may finish what they have begun when the port is closed.
const GRACE: Duration = Duration::from_secs(10);

/// What connections share.
struct Door {
    records: Arc<Records>,
    access: Arc<Access>,
    tls: Option<Arc<ServerConfig>>,
    patience: Patience,
    acknowledge: Acknowledge,
    budget: Budget,
    turns: Turns,
    heavy: Turn,
    stopping: AtomicBool,
    open: Mutex<HashMap<IpAddr, usize>>,
}

impl Door {
    fn open(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How a port is served.
#[derive(Clone, Default)]
pub struct Options {
    /// The certificate; without one the port is in the clear.
    pub tls: Option<Arc<ServerConfig>>,
    /// How long senders may dawdle.
    pub patience: Patience,
    /// Which answers are sent.
    pub acknowledge: Acknowledge,
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
    pub fn start(
        listener: TcpListener,
        records: Arc<Records>,
        access: Arc<Access>,
        options: Options,
    ) -> io::Result<Server> {
        let address = listener.local_addr()?;
        let Options { tls, patience, acknowledge } = options;
        let door = Arc::new(Door {
            records,
            access,
            tls,
            patience,
            acknowledge,
            budget: Budget::default(),
            turns: Turns::default(),
            heavy: Turn::default(),
            stopping: AtomicBool::new(false),
            open: Mutex::default(),
        });
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
        let mut to = self.address;
        if to.ip().is_unspecified() {
            to.set_ip(if to.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() });
        }
        let _ = TcpStream::connect_timeout(&to, Duration::from_secs(1));
        let _ = accepting.join();
        let until = Instant::now() + GRACE;
        while !self.door.open().is_empty() && Instant::now() < until {
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
                let Some(open) = Open::new(door, peer.ip()) else {
                    records::tell_operator!(
                        "medweave: {} has too many MLLP connections open; one more was closed",
                        peer.ip()
                    );
                    continue;
                };
                let spawned = std::thread::Builder::new()
                    .name("mllp".into())
                    .spawn(move || connection::serve(stream, open.from, &open.door));
                if let Err(error) = spawned {
                    records::tell_operator!("medweave: an MLLP connection could not be served: {error}");
                }
            }
            Ok((_, peer)) => records::tell_operator!(
                "medweave: {} sent to the MLLP port and is no source: `medweave source allow {}` lets it",
                peer.ip(),
                peer.ip()
            ),
            Err(error) => {
                // Out of file handles, mostly: others must close first.
                records::tell_operator!("medweave: an MLLP connection could not be accepted: {error}");
                std::thread::sleep(Duration::from_millis(100));
            }
        }
    }
}

/// Counts a connection for as long as it lives.
struct Open {
    door: Arc<Door>,
    from: IpAddr,
}

impl Open {
    /// `None` if there are too many.
    fn new(door: &Arc<Door>, from: IpAddr) -> Option<Open> {
        let mut open = door.open();
        let own = open.get(&from).copied().unwrap_or(0);
        if own >= CONNECTIONS_OF_ONE || open.values().sum::<usize>() >= CONNECTIONS {
            return None;
        }
        open.insert(from, own + 1);
        Some(Open { door: Arc::clone(door), from })
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let mut open = self.door.open();
        if let Some(own) = open.get_mut(&self.from) {
            *own -= 1;
            if *own == 0 {
                open.remove(&self.from);
            }
        }
    }
}
