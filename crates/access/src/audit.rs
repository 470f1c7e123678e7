use crate::grant::Grant;
use crate::principal::{Origin, Principal};
use crate::trail::Outcome;

/// What was done to records. Which of them are changes decides where the event is kept.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Action {
    /// A resource was made.
    Create,
    /// A resource or one of its versions was read by id.
    Read,
    /// A resource was changed.
    Update,
    /// A resource was deleted.
    Delete,
    /// Resources were searched.
    Search,
    /// The history of a resource, a type or the system was read.
    History,
    /// The raw bytes a resource came from were read.
    Source,
    /// SQL was run.
    Sql,
    /// Many resources were taken out at once.
    Export,
    /// What happened in a stream was watched.
    Watch,
}

impl Action {
    /// All actions.
    pub const ALL: [Action; 10] = [
        Action::Create,
        Action::Read,
        Action::Update,
        Action::Delete,
        Action::Search,
        Action::History,
        Action::Source,
        Action::Sql,
        Action::Export,
        Action::Watch,
    ];

    /// The word in audit rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Action::Create => "create",
            Action::Read => "read",
            Action::Update => "update",
            Action::Delete => "delete",
            Action::Search => "search",
            Action::History => "history",
            Action::Source => "source",
            Action::Sql => "sql",
            Action::Export => "export",
            Action::Watch => "watch",
        }
    }

    /// The action whose word is `word`.
    pub fn from_word(word: &str) -> Option<Action> {
        Action::ALL.into_iter().find(|action| action.as_str() == word)
    }

    /// Whether it changes records: then its event is a row in the change's own commit.
    pub fn is_change(self) -> bool {
        matches!(self, Action::Create | Action::Update | Action::Delete)
    }
}

/// What an action was aimed at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Subject {
    /// Resources by id, as `id` or `id/_history/version` within the event's type.
    Ids(Vec<String>),
    /// A query as it was asked: a search's parameters, an SQL text.
    Query(String),
}

/// One event of the audit of records: who did what to what, when, from where, and how it ended.
///
/// A plain value without any FHIR in it; the store that did the thing adds the patients concerned in its own terms and
/// writes it down.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Audit {
    /// When, µs since 1970 UTC.
    pub at_us: i64,
    /// Who.
    pub principal: Principal,
    /// From where.
    pub origin: Origin,
    /// What was done.
    pub action: Action,
    /// To resources of which type; `None` for all types or for SQL.
    pub resource_type: Option<String>,
    /// To which of them.
    pub subject: Subject,
    /// How many resources or rows were changed or handed out.
    pub count: u64,
    /// How it ended.
    pub outcome: Outcome,
}

impl Audit {
    /// An event that was done, with `count` 0; set the fields that differ.
    pub fn new(grant: &Grant, action: Action, resource_type: Option<&str>, subject: Subject, at_us: i64) -> Audit {
        Audit {
            at_us,
            principal: grant.principal().clone(),
            origin: grant.origin(),
            action,
            resource_type: resource_type.map(str::to_owned),
            subject,
            count: 0,
            outcome: Outcome::Done,
        }
    }
}
