#[cfg(any(test, feature = "testing"))]
mod left_out;

use crate::permission::{Permission, Permissions};
use crate::principal::{Origin, Principal, PrincipalKind};
use crate::scope::{Context, ScopeTypes, Scopes};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What stands in a scope where a resource type does, for the table that leads from persons of the OMOP tables to patients:
/// `system/OmopPersonLink.r`.
pub const PERSON_LINK: &str = "OmopPersonLink";

/// The proof that somebody may do something.
///
/// Stores take one in every function that touches patient data, and only [`Access`](crate::Access) makes one: there is no
/// public constructor. It is cheap to clone, and dies with what it was made from: once the token, account or source behind it
/// is revoked, every copy denies everything, also one that a long-lived stream still holds. Expiry needs a clock, so such
/// streams ask [`Grant::check_current`] from time to time.
#[derive(Clone)]
pub struct Grant {
    holder: Arc<Holder>,
    origin: Origin,
}

/// What a grant stands on; shared by all grants made from one token, session or source.
pub(crate) struct Holder {
    pub(crate) principal: Principal,
    pub(crate) scopes: Scopes,
    reach: Reach,
    administers: bool,
    expires_us: Option<i64>,
    revoked: AtomicBool,
}

/// Whether the holder may manage accounts, tokens and sources.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Administration {
    Allowed,
    Denied,
}

impl Holder {
    pub(crate) fn new(
        principal: Principal,
        scopes: Scopes,
        administration: Administration,
        expires_us: Option<i64>,
    ) -> Arc<Holder> {
        let reach = Reach::of(&scopes);
        let administers = administration == Administration::Allowed;
        Arc::new(Holder { principal, scopes, reach, administers, expires_us, revoked: AtomicBool::new(false) })
    }

    pub(crate) fn revoke(&self) {
        self.revoked.store(true, Ordering::Release);
    }

    pub(crate) fn is_revoked(&self) -> bool {
        self.revoked.load(Ordering::Acquire)
    }

    pub(crate) fn is_expired(&self, now_us: i64) -> bool {
        self.expires_us.is_some_and(|expires_us| now_us >= expires_us)
    }
}

/// What scopes add up to. Scopes of one patient and filtered scopes add nothing: what they limit is not enforced yet.
struct Reach {
    all: Permissions,
    /// Sorted by type; what a type has beyond `all`.
    by_type: Vec<(String, Permissions)>,
}

impl Reach {
    fn of(scopes: &Scopes) -> Reach {
        let mut all = Permissions::NONE;
        let mut by_type: Vec<(String, Permissions)> = Vec::new();
        for scope in scopes.iter().filter(|scope| scope.context != Context::Patient && scope.filter.is_none()) {
            match &scope.types {
                ScopeTypes::All => all = all.union(scope.permissions),
                ScopeTypes::One(name) => match by_type.binary_search_by(|(held, _)| held.as_str().cmp(name)) {
                    Ok(at) => by_type[at].1 = by_type[at].1.union(scope.permissions),
                    Err(at) => by_type.insert(at, (name.clone(), scope.permissions)),
                },
            }
        }
        Reach { all, by_type }
    }

    fn on(&self, resource_type: &str) -> Permissions {
        match self.by_type.binary_search_by(|(held, _)| held.as_str().cmp(resource_type)) {
            Ok(at) => self.all.union(self.by_type[at].1),
            Err(_) => self.all,
        }
    }

    fn is_empty(&self) -> bool {
        self.all.is_empty() && self.by_type.is_empty()
    }
}

impl Grant {
    pub(crate) fn new(holder: Arc<Holder>, origin: Origin) -> Grant {
        Grant { holder, origin }
    }

    /// A grant out of nothing, for tests of other crates, with the permissions of `scopes` (`""` for none).
    ///
    /// Exists only with the cargo feature `testing`, which crates name in `[dev-dependencies]` and the product never enables.
    ///
    /// # Panics
    /// When `scopes` are not scopes.
    #[cfg(any(test, feature = "testing"))]
    pub fn for_test(principal: Principal, scopes: &str) -> Grant {
        let scopes = match scopes {
            "" => Scopes::default(),
            _ => scopes.parse().expect("a test names valid scopes"),
        };
        let administration = match principal.kind {
            PrincipalKind::Operator => Administration::Allowed,
            _ => Administration::Denied,
        };
        Grant::new(Holder::new(principal, scopes, administration, None), Origin::INTERNAL)
    }

    /// Who acts.
    pub fn principal(&self) -> &Principal {
        &self.holder.principal
    }

    /// Where the request came from.
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// The scopes held.
    pub fn scopes(&self) -> &Scopes {
        &self.holder.scopes
    }

    /// Whether `permission` is held for resources of the type `resource_type`.
    #[cfg_attr(any(test, feature = "testing"), track_caller)]
    pub fn may(&self, permission: Permission, resource_type: &str) -> Result<(), Denied> {
        self.demand(self.holder.reach.on(resource_type).contains(permission), || Need::Scope {
            permissions: permission.into(),
            resource_type: Some(resource_type.to_owned()),
        })
    }

    /// Whether `permission` is held for every type, as the history of the whole system needs.
    #[cfg_attr(any(test, feature = "testing"), track_caller)]
    pub fn may_all(&self, permission: Permission) -> Result<(), Denied> {
        self.demand(self.holder.reach.all.contains(permission), || Need::Scope {
            permissions: permission.into(),
            resource_type: None,
        })
    }

    /// Whether what is held is not limited to some patients. True of every scope honoured so far; asked wherever a
    /// limit to a patient will have to be enforced.
    pub fn sees_all_patients(&self) -> bool {
        !self.holder.is_revoked() && !self.holder.reach.is_empty()
    }

    /// Whether SQL may be used: its tables hold all types and all patients, so reading and searching all types is needed.
    #[cfg_attr(any(test, feature = "testing"), track_caller)]
    pub fn may_use_sql(&self) -> Result<(), Denied> {
        let all = self.holder.reach.all;
        let reads_all = all.contains(Permission::Read) && all.contains(Permission::Search);
        self.demand(reads_all && self.sees_all_patients(), || Need::Sql)
    }

    /// Whether it may be seen which patient a person of the OMOP tables is: [`PERSON_LINK`] must be named by itself, `*` does
    /// not hold it.
    #[cfg_attr(any(test, feature = "testing"), track_caller)]
    pub fn may_link_persons(&self) -> Result<(), Denied> {
        let held = self.holder.reach.by_type.iter().find(|(name, _)| name == PERSON_LINK);
        let reads = held.is_some_and(|(_, permissions)| permissions.contains(Permission::Read));
        self.demand(reads, || Need::Scope {
            permissions: Permission::Read.into(),
            resource_type: Some(PERSON_LINK.to_owned()),
        })
    }

    /// Whether accounts, tokens and sources may be managed and their audit read.
    #[cfg_attr(any(test, feature = "testing"), track_caller)]
    pub fn may_administer(&self) -> Result<(), Denied> {
        self.demand(self.holder.administers, || Need::Administration)
    }

    /// Whether the grant still stands at `now_us`: for streams that outlive a request.
    #[cfg_attr(any(test, feature = "testing"), track_caller)]
    pub fn check_current(&self, now_us: i64) -> Result<(), Denied> {
        self.demand(!self.holder.is_expired(now_us), || Need::Current)
    }

    /// Whether it was made from this token, session or source.
    pub(crate) fn stands_on(&self, holder: &Arc<Holder>) -> bool {
        Arc::ptr_eq(&self.holder, holder)
    }

    #[cfg_attr(any(test, feature = "testing"), track_caller)]
    fn demand(&self, held: bool, need: impl FnOnce() -> Need) -> Result<(), Denied> {
        #[cfg(any(test, feature = "testing"))]
        if left_out::is(std::panic::Location::caller()) {
            return Ok(());
        }
        if self.holder.is_revoked() {
            return Err(self.denied(Need::Current));
        }
        if held { Ok(()) } else { Err(self.denied(need())) }
    }

    fn denied(&self, need: Need) -> Denied {
        Denied {
            need,
            kind: self.holder.principal.kind,
            scopes: self.holder.scopes.clone(),
            administers: self.holder.administers,
        }
    }
}

impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Grant({} [{}] from {})", self.holder.principal, self.holder.scopes, self.origin)
    }
}

/// What was needed, and what is held instead. It prints as the text of a 403.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub struct Denied {
    /// What was needed.
    pub need: Need,
    kind: PrincipalKind,
    scopes: Scopes,
    administers: bool,
}

/// What somebody would need in order to do what they tried.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Need {
    /// A scope.
    Scope {
        /// What it must allow.
        permissions: Permissions,
        /// On which type; on all of them if `None`.
        resource_type: Option<String>,
    },
    /// The use of SQL.
    Sql,
    /// The right to manage accounts, tokens and sources.
    Administration,
    /// A token, session or source that has neither been revoked nor expired.
    Current,
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let context = match self.kind {
            PrincipalKind::Person => Context::User,
            _ => Context::System,
        }
        .as_str();
        let holder = match self.kind {
            PrincipalKind::Person => "this account",
            PrincipalKind::Token => "this token",
            PrincipalKind::Source => "this source",
            PrincipalKind::Operator => "this operator",
            PrincipalKind::Component => "this component",
        };
        match &self.need {
            Need::Scope { permissions, resource_type } => {
                write!(f, "needs {context}/{}.{permissions}", resource_type.as_deref().unwrap_or("*"))?;
            }
            Need::Sql => write!(f, "SQL and rows of sources need {context}/*.rs")?,
            Need::Administration => write!(f, "needs the right to administer")?,
            Need::Current => return write!(f, "{holder} has been revoked or has expired"),
        }
        match (self.scopes.is_empty(), self.administers) {
            (false, _) => write!(f, "; {holder} holds {}", self.scopes),
            (true, true) => write!(f, "; {holder} administers and holds no clinical data"),
            (true, false) => write!(f, "; {holder} holds nothing"),
        }
    }
}

#[cfg(test)]
mod tests;
