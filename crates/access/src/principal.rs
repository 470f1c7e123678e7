use std::fmt;
use std::net::IpAddr;

/// What kind of actor a principal is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum PrincipalKind {
    /// A person signed in with an account.
    Person,
    /// A program that presents a token.
    Token,
    /// A sender of messages, known by its address.
    Source,
    /// Whoever owns the data directory, at the command line.
    Operator,
    /// A part of this program that works on its own, as the feed of the lake does.
    Component,
}

impl PrincipalKind {
    /// All kinds.
    pub const ALL: [PrincipalKind; 5] = [
        PrincipalKind::Person,
        PrincipalKind::Token,
        PrincipalKind::Source,
        PrincipalKind::Operator,
        PrincipalKind::Component,
    ];

    /// The word that stands for the kind in keys, audit rows and messages.
    pub fn as_str(self) -> &'static str {
        match self {
            PrincipalKind::Person => "person",
            PrincipalKind::Token => "token",
            PrincipalKind::Source => "source",
            PrincipalKind::Operator => "operator",
            PrincipalKind::Component => "component",
        }
    }

    /// The kind whose word is `word`.
    pub fn from_word(word: &str) -> Option<PrincipalKind> {
        PrincipalKind::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// Who acts. Knowing a principal allows nothing; only a [`Grant`](crate::Grant) does.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Principal {
    /// What kind of actor it is.
    pub kind: PrincipalKind,
    /// Its number among its kind: an account, token or source id, never given twice; a user id for the operator.
    pub id: i64,
    /// The name people know it by.
    pub name: String,
}

impl Principal {
    /// A principal by its parts.
    pub fn new(kind: PrincipalKind, id: i64, name: impl Into<String>) -> Principal {
        Principal { kind, id, name: name.into() }
    }

    /// Kind and number, as in `person/3`: stable for ever, whatever becomes of the name.
    pub fn key(&self) -> String {
        format!("{}/{}", self.kind.as_str(), self.id)
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{} ({})", self.kind.as_str(), self.id, self.name)
    }
}

/// The door a request came through.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Door {
    /// HTTP on a port.
    Http,
    /// HL7 v2 over MLLP.
    Mllp,
    /// A command, over the control socket or in the process that holds the data directory.
    Command,
    /// The program itself.
    Internal,
}

impl Door {
    /// All doors.
    pub const ALL: [Door; 4] = [Door::Http, Door::Mllp, Door::Command, Door::Internal];

    /// The word that stands for the door in audit rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Door::Http => "http",
            Door::Mllp => "mllp",
            Door::Command => "command",
            Door::Internal => "internal",
        }
    }
}

/// Where a request came from, for the audit.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Origin {
    /// The door it came through.
    pub door: Door,
    /// The remote address, where the door has one.
    pub address: Option<IpAddr>,
}

impl Origin {
    /// A request over HTTP.
    pub fn http(address: IpAddr) -> Origin {
        Origin { door: Door::Http, address: Some(address.to_canonical()) }
    }

    /// A message over MLLP.
    pub fn mllp(address: IpAddr) -> Origin {
        Origin { door: Door::Mllp, address: Some(address.to_canonical()) }
    }

    /// A command of the operator.
    pub const COMMAND: Origin = Origin { door: Door::Command, address: None };

    /// The program itself.
    pub const INTERNAL: Origin = Origin { door: Door::Internal, address: None };
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address {
            Some(address) => write!(f, "{} {address}", self.door.as_str()),
            None => f.write_str(self.door.as_str()),
        }
    }
}
