//! Why a command did not do what it was asked.

/// A text for people and an exit code for scripts.
#[derive(Debug)]
pub(crate) struct Failure {
    /// What happened and what to do; empty if it was said already.
    pub(crate) text: String,
    /// 1: failed; 2: called wrongly; 130: interrupted.
    pub(crate) code: u8,
}

impl Failure {
    /// It could not be done, or not all of it.
    pub(crate) fn failed(text: impl Into<String>) -> Failure {
        Failure { text: text.into(), code: 1 }
    }

    /// The command was called wrongly.
    pub(crate) fn usage(text: impl Into<String>) -> Failure {
        Failure { text: text.into(), code: 2 }
    }

    /// Ctrl-C.
    pub(crate) fn interrupted(text: impl Into<String>) -> Failure {
        Failure { text: text.into(), code: 130 }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Failure {
        Failure::failed(match error.kind() {
            std::io::ErrorKind::StorageFull => "no space is left on the disk: free some and try again".to_owned(),
            _ => error.to_string(),
        })
    }
}
