//! How many connections there may be: each is an open file, and the store needs some too.

use rustix::process::{Resource, getrlimit, setrlimit};
use std::sync::OnceLock;

/// Connections at a time, where the system allows as many.
const CONNECTIONS: usize = 4_096;
/// Open files that are left to everything else.
const OTHERS: usize = 256;

/// Connections that a listener may hold. Raises what the process may open to what the system lets it.
pub(super) fn connections() -> usize {
    static FOUND: OnceLock<usize> = OnceLock::new();
    *FOUND.get_or_init(|| {
        let mut limit = getrlimit(Resource::Nofile);
        let allowed = limit.maximum;
        limit.current = allowed;
        // Without more open files there are fewer connections; that is all.
        let raised = setrlimit(Resource::Nofile, limit).is_ok();
        let files = if raised { allowed } else { getrlimit(Resource::Nofile).current };
        let files = files.map_or(usize::MAX, |files| usize::try_from(files).unwrap_or(usize::MAX));
        // HTTP and the control socket each have as many.
        (files.saturating_sub(OTHERS) / 2).clamp(16, CONNECTIONS)
    })
}
