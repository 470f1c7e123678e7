//! What scopes add up to: rights on everything, and windows that show a part.

use crate::permission::{Permission, Permissions};
use crate::scope::{Context, Scope, ScopeTypes, Scopes};

/// What a holder reaches of one type.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Sight<'g> {
    /// All of its resources.
    All,
    /// Those that one of these shows; never empty.
    Windows(Vec<Window<'g>>),
}

/// A part of a type's resources: those that are within all limits given. One of them is, or it would be no part.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Window<'g> {
    /// The id of the patient in whose compartment they are.
    pub patient: Option<&'g str>,
    /// The search that finds them, as in a URL after `?`.
    pub filter: Option<&'g str>,
}

/// What one scope opens of a part.
struct Limited {
    types: ScopeTypes,
    permissions: Permissions,
    is_of_patient: bool,
    filter: Option<String>,
}

/// What scopes add up to.
pub(crate) struct Reach {
    all: Permissions,
    /// Sorted by type; what a type has beyond `all`.
    by_type: Vec<(String, Permissions)>,
    limited: Vec<Limited>,
    patient: Option<String>,
}

impl Reach {
    /// Scopes of a patient open nothing where no `patient` is named.
    pub(crate) fn of(scopes: &Scopes, patient: Option<&str>) -> Reach {
        let mut reach = Reach {
            all: Permissions::NONE,
            by_type: Vec::new(),
            limited: Vec::new(),
            patient: patient.map(str::to_owned),
        };
        scopes.iter().for_each(|scope| reach.add(scope));
        reach
    }

    fn add(&mut self, scope: &Scope) {
        let is_of_patient = scope.context == Context::Patient;
        if is_of_patient && self.patient.is_none() {
            return;
        }
        if is_of_patient || scope.filter.is_some() {
            let (types, permissions, filter) = (scope.types.clone(), scope.permissions, scope.filter.clone());
            self.limited.push(Limited { types, permissions, is_of_patient, filter });
            return;
        }
        match &scope.types {
            ScopeTypes::All => self.all = self.all.union(scope.permissions),
            ScopeTypes::One(name) => match self.by_type.binary_search_by(|(held, _)| held.as_str().cmp(name)) {
                Ok(at) => self.by_type[at].1 = self.by_type[at].1.union(scope.permissions),
                Err(at) => self.by_type.insert(at, (name.clone(), scope.permissions)),
            },
        }
    }

    /// What is held on every type, without any limit.
    pub(crate) fn on_all(&self) -> Permissions {
        self.all
    }

    /// What is held on a type by its name, without any limit; `*` does not count.
    pub(crate) fn by_name(&self, name: &str) -> Permissions {
        match self.by_type.binary_search_by(|(held, _)| held.as_str().cmp(name)) {
            Ok(at) => self.by_type[at].1,
            Err(_) => Permissions::NONE,
        }
    }

    /// What is held on a type without any limit.
    pub(crate) fn on(&self, resource_type: &str) -> Permissions {
        self.all.union(self.by_name(resource_type))
    }

    /// The parts of a type on which `permission` is held.
    pub(crate) fn windows(&self, permission: Permission, resource_type: &str) -> Vec<Window<'_>> {
        let of_type = self.limited.iter().filter(|limited| match &limited.types {
            ScopeTypes::All => true,
            ScopeTypes::One(name) => name == resource_type,
        });
        let mut windows: Vec<Window<'_>> = Vec::new();
        for limited in of_type.filter(|limited| limited.permissions.contains(permission)) {
            let patient = self.patient.as_deref().filter(|_| limited.is_of_patient);
            let window = Window { patient, filter: limited.filter.as_deref() };
            if !windows.contains(&window) {
                windows.push(window);
            }
        }
        windows
    }

    /// Whether nothing is held without a limit.
    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty() && self.by_type.is_empty()
    }
}
