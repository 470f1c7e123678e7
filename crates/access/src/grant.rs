#[cfg(any(test, feature = "testing"))]
mod left_out;

use crate::duty::{Duties, Duty};
use crate::permission::{Permission, Permissions};
use crate::principal::{Origin, Principal, PrincipalKind};
use crate::reach::{Reach, Sight};
use crate::scope::{Context, Scopes};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What stands in a scope where a resource type does, for the table that leads from persons of the OMOP tables to patients:
/// `system/OmopPersonLink.r`.
pub const PERSON_LINK: &str = "OmopPersonLink";

/// What stands in a scope where a resource type does, for the program's own figures: `system/Metrics.r`. Whoever watches the program
/// need not see a patient.
pub const METRICS: &str = "Metrics";

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
    duties: Duties,
    expires_us: Option<i64>,
    revoked: AtomicBool,
}

impl Holder {
    pub(crate) fn new(principal: Principal, scopes: Scopes, duties: Duties, expires_us: Option<i64>) -> Arc<Holder> {
        Holder::of_patient(principal, scopes, None, duties, expires_us)
    }

    /// As [`Holder::new`], with the patient whom scopes of `patient/` are about.
    pub(crate) fn of_patient(
        principal: Principal,
        scopes: Scopes,
        patient: Option<&str>,
        duties: Duties,
        expires_us: Option<i64>,
    ) -> Arc<Holder> {
        let reach = Reach::of(&scopes, patient);
        Arc::new(Holder { principal, scopes, reach, duties, expires_us, revoked: AtomicBool::new(false) })
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
        Grant::for_test_of(principal, scopes, None)
    }

    /// As [`Grant::for_test`], with the patient whom scopes of `patient/` are about.
    ///
    /// # Panics
    /// As [`Grant::for_test`].
    #[cfg(any(test, feature = "testing"))]
    pub fn for_test_of(principal: Principal, scopes: &str, patient: Option<&str>) -> Grant {
        let scopes = match scopes {
            "" => Scopes::default(),
            _ => scopes.parse().expect("a test names valid scopes"),
        };
        let duties = match principal.kind {
            PrincipalKind::Operator => Duties::All,
            _ => Duties::None,
        };
        Grant::new(Holder::of_patient(principal, scopes, patient, duties, None), Origin::INTERNAL)
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

    /// Whether `permission` is held for all resources of the type `resource_type`. A limit to a patient or by a filter is not enough:
    /// what knows of limits asks [`Grant::sight`].
    #[cfg_attr(any(test, feature = "testing"), track_caller)]
    pub fn may(&self, permission: Permission, resource_type: &str) -> Result<(), Denied> {
        self.demand(self.holder.reach.on(resource_type).contains(permission), || Need::Scope {
            permissions: permission.into(),
            resource_type: Some(resource_type.to_owned()),
        })
    }

    /// The resources of a type on which `permission` is held. Whoever asks must keep to it.
    ///
    /// # Errors
    /// [`Denied`] if it is held on none.
    #[cfg_attr(any(test, feature = "testing"), track_caller)]
    pub fn sight(&self, permission: Permission, resource_type: &str) -> Result<Sight<'_>, Denied> {
        let reach = &self.holder.reach;
        let holds_all = reach.on(resource_type).contains(permission);
        let windows = if holds_all { Vec::new() } else { reach.windows(permission, resource_type) };
        self.demand(holds_all || !windows.is_empty(), || Need::Scope {
            permissions: permission.into(),
            resource_type: Some(resource_type.to_owned()),
        })?;
        Ok(if windows.is_empty() { Sight::All } else { Sight::Windows(windows) })
    }

    /// Whether `permission` is held on some resource of a type. On which is asked again where they are known.
    #[cfg_attr(any(test, feature = "testing"), track_caller)]
    pub fn may_some(&self, permission: Permission, resource_type: &str) -> Result<(), Denied> {
        self.sight(permission, resource_type).map(drop)
    }

    /// The refusal of who does not hold `permission` on a resource of a type, whatever else of the type is held.
    pub fn falls_short(&self, permission: Permission, resource_type: &str) -> Denied {
        let resource_type = Some(resource_type.to_owned());
        self.denied(Need::Scope { permissions: permission.into(), resource_type })
    }

    /// Whether `permission` is held on all resources of a type that are this patient's.
    #[cfg_attr(any(test, feature = "testing"), track_caller)]
    pub fn may_of_patient(&self, permission: Permission, resource_type: &str, patient: &str) -> Result<(), Denied> {
        match self.sight(permission, resource_type)? {
            Sight::Windows(windows)
                if !windows.iter().any(|window| window.patient == Some(patient) && window.filter.is_none()) =>
            {
                self.may(permission, resource_type)
            }
            _ => Ok(()),
        }
    }

    /// Whether `permission` is held for every type, as the history of the whole system needs.
    #[cfg_attr(any(test, feature = "testing"), track_caller)]
    pub fn may_all(&self, permission: Permission) -> Result<(), Denied> {
        self.demand(self.holder.reach.on_all().contains(permission), || Need::Scope {
            permissions: permission.into(),
            resource_type: None,
        })
    }

    /// Whether something is held that is not limited to some patients: asked where no limit could be kept.
    pub fn sees_all_patients(&self) -> bool {
        !self.holder.is_revoked() && !self.holder.reach.is_empty()
    }

    /// Whether SQL may be used: its tables hold all types and all patients, so reading and searching all types is needed.
    #[cfg_attr(any(test, feature = "testing"), track_caller)]
    pub fn may_use_sql(&self) -> Result<(), Denied> {
        let all = self.holder.reach.on_all();
        let reads_all = all.contains(Permission::Read) && all.contains(Permission::Search);
        self.demand(reads_all && self.sees_all_patients(), || Need::Sql)
    }

    /// Whether it may be seen which patient a person of the OMOP tables is: [`PERSON_LINK`] must be named by itself, `*` does
    /// not hold it.
    #[cfg_attr(any(test, feature = "testing"), track_caller)]
    pub fn may_link_persons(&self) -> Result<(), Denied> {
        self.demand(self.holder.reach.by_name(PERSON_LINK).contains(Permission::Read), || Need::Scope {
            permissions: Permission::Read.into(),
            resource_type: Some(PERSON_LINK.to_owned()),
        })
    }

    /// Whether the program's own figures may be seen: [`METRICS`] named by itself, or the duty of the system.
    #[cfg_attr(any(test, feature = "testing"), track_caller)]
    pub fn may_see_metrics(&self) -> Result<(), Denied> {
        let is_named = self.holder.reach.by_name(METRICS).contains(Permission::Read);
        self.demand(is_named || self.holder.duties.hold(Duty::System), || Need::Scope {
            permissions: Permission::Read.into(),
            resource_type: Some(METRICS.to_owned()),
        })
    }

    /// Whether the system may be administered: senders, sources, storage.
    #[cfg_attr(any(test, feature = "testing"), track_caller)]
    pub fn may_administer(&self) -> Result<(), Denied> {
        self.may_do(Duty::System)
    }

    /// Whether a duty is held.
    #[cfg_attr(any(test, feature = "testing"), track_caller)]
    pub fn may_do(&self, duty: Duty) -> Result<(), Denied> {
        self.demand(self.holder.duties.hold(duty), || Need::Duty(duty))
    }

    /// Whether some duty is held: whoever has one may know which accounts there are.
    #[cfg_attr(any(test, feature = "testing"), track_caller)]
    pub fn may_oversee(&self) -> Result<(), Denied> {
        self.demand(!self.duties().is_empty(), || Need::Duty(Duty::System))
    }

    /// The duties that are held now.
    pub fn duties(&self) -> Vec<Duty> {
        Duty::ALL.into_iter().filter(|duty| self.holder.duties.hold(*duty)).collect()
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
            has_duties: !self.duties().is_empty(),
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
    has_duties: bool,
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
    /// A duty.
    Duty(Duty),
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
            Need::Duty(duty) => write!(f, "needs {}", duty.holder())?,
            Need::Current => return write!(f, "{holder} has been revoked or has expired"),
        }
        match (self.scopes.is_empty(), self.has_duties) {
            (false, _) => write!(f, "; {holder} holds {}", self.scopes),
            (true, true) => write!(f, "; {holder} administers and holds no clinical data"),
            (true, false) => write!(f, "; {holder} holds nothing"),
        }
    }
}

#[cfg(test)]
mod tests;
