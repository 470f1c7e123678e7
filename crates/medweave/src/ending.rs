//! Being asked to end: Ctrl-C, SIGTERM of whoever runs services, SIGHUP of a terminal that goes away.

use crate::failure::Failure;
use std::io;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Ctrl-C.
    Interrupted,
    /// SIGTERM or SIGHUP.
    Terminated,
}

/// Hears the signals from the moment it is made; none of them ends the process by itself any more.
pub(crate) struct Ending {
    interrupt: Signal,
    terminate: Signal,
    /// Not heard where whoever started the program shields it from the terminal (`nohup`).
    hangup: Option<Signal>,
}

impl Ending {
    pub(crate) fn new() -> io::Result<Ending> {
        let hangup = if is_ignored(SignalKind::hangup()) { None } else { Some(signal(SignalKind::hangup())?) };
        Ok(Ending { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())?, hangup })
    }

    /// Is over when somebody asks.
    pub(crate) async fn asked(&mut self) -> Asked {
        let hangup = async {
            match &mut self.hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => Asked::Interrupted,
            _ = self.terminate.recv() => Asked::Terminated,
            _ = hangup => Asked::Terminated,
        }
    }

    /// Does something unless somebody asks to end; what it had begun is dropped then.
    pub(crate) async fn or<T>(&mut self, done: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        tokio::select! {
            result = done => result,
            _ = self.asked() => Err(Failure::interrupted("interrupted")),
        }
    }
}

/// Whether the process was started with this signal ignored.
fn is_ignored(kind: SignalKind) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    mask >> (kind.as_raw_value() - 1) & 1 == 1
}
