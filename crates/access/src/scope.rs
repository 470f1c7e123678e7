//! SMART App Launch 2.x resource scopes: `system/Observation.rs`.
//!
//! ```text
//! scope    = context "/" type "." rights [ "?" filter ]
//! context  = "patient" | "user" | "system"
//! type     = "*" | a resource type's name
//! rights   = letters of "cruds" in that order, each at most once, at least one
//!          | "read" (= rs) | "write" (= cud) | "*" (= cruds)      -- the forms of version 1
//! filter   = name "=" value *( "&" name "=" value )
//! ```

use crate::permission::{Permission, Permissions};
use std::fmt;
use std::str::FromStr;

/// The most scopes one token may hold; R4 has 148 types, so naming each of them still fits.
pub const MAX_SCOPES: usize = 200;

/// The longest resource type name a scope may hold; R4's longest has 33 letters.
const MAX_TYPE_BYTES: usize = 64;

/// Whose data a scope reaches.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Context {
    /// The data of one patient.
    Patient,
    /// What the signed-in person may see.
    User,
    /// What a program may see by itself.
    System,
}

impl Context {
    const ALL: [Context; 3] = [Context::Patient, Context::User, Context::System];

    /// The word that begins the scope.
    pub fn as_str(self) -> &'static str {
        match self {
            Context::Patient => "patient",
            Context::User => "user",
            Context::System => "system",
        }
    }
}

/// Which resource types a scope reaches.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum ScopeTypes {
    /// Every type: `*`.
    All,
    /// The named type.
    One(String),
}

/// One resource scope. It prints in the form of version 2, whichever form it was read from.
///
/// ```
/// let scope: access::Scope = "system/Observation.read".parse()?;
/// assert_eq!(scope.to_string(), "system/Observation.rs");
/// # Ok::<(), access::ScopeError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Scope {
    /// Whose data.
    pub context: Context,
    /// Which types.
    pub types: ScopeTypes,
    /// What may be done.
    pub permissions: Permissions,
    /// The search that narrows it, as written after `?`.
    pub filter: Option<String>,
}

/// A text that is not a scope, and where it stops being one.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("scope '{scope}', at character {}: {problem}", .at + 1)]
pub struct ScopeError {
    /// The scope as written.
    pub scope: String,
    /// Byte offset within the scope.
    pub at: usize,
    /// What is wrong there.
    pub problem: ScopeProblem,
}

/// What is wrong with a scope.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ScopeProblem {
    /// There is no scope at all.
    #[error("no scope is given; write for example system/*.rs")]
    Empty,
    /// More scopes than a token may hold.
    #[error("more than {MAX_SCOPES} scopes")]
    TooMany,
    /// It does not begin with a context.
    #[error("must begin with 'system/', 'user/' or 'patient/'")]
    Context,
    /// No resource type follows the slash.
    #[error("a resource type or '*' must follow the '/'")]
    Type,
    /// The resource type does not exist.
    #[error("there is no resource type '{0}'")]
    UnknownType(String),
    /// No dot follows the type.
    #[error("'.' and rights must follow the type, as in 'system/Patient.rs'")]
    Dot,
    /// The rights are not letters of `cruds`, nor a form of version 1.
    #[error("rights are letters of 'cruds', or 'read', 'write' or '*'")]
    Rights,
    /// The letters are not in the order `cruds`, or one comes twice.
    #[error("rights must be in the order 'cruds', each once")]
    Order,
    /// The filter is not made of `name=value` parts.
    #[error("a filter is name=value, with '&' between several")]
    Filter,
    /// A scope of one patient, and nobody says which.
    #[error("a 'patient/' scope is about one patient: name the patient's id too")]
    PatientMissing,
    /// A filter that no resource of the type could be held against.
    #[error("this filter cannot limit a scope: {0}")]
    FilterRefused(String),
}

impl FromStr for Scope {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Scope, ScopeError> {
        let error = |at: usize, problem| ScopeError { scope: text.to_owned(), at, problem };
        let fail = |at: usize, problem| Err(error(at, problem));
        if text.is_empty() {
            return fail(0, ScopeProblem::Empty);
        }
        let Some(slash) = text.find('/') else { return fail(0, ScopeProblem::Context) };
        let Some(context) = Context::ALL.into_iter().find(|context| context.as_str() == &text[..slash]) else {
            return fail(0, ScopeProblem::Context);
        };
        let type_at = slash + 1;
        let rest = &text[type_at..];
        let (types, type_bytes) = if rest.starts_with('*') {
            (ScopeTypes::All, 1)
        } else {
            let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
            if end == 0 || end > MAX_TYPE_BYTES || !rest.starts_with(|c: char| c.is_ascii_uppercase()) {
                return fail(type_at, ScopeProblem::Type);
            }
            (ScopeTypes::One(rest[..end].to_owned()), end)
        };
        let dot_at = type_at + type_bytes;
        if !text[dot_at..].starts_with('.') {
            return fail(dot_at, ScopeProblem::Dot);
        }
        let rights_at = dot_at + 1;
        let (rights, filter) = match text[rights_at..].split_once('?') {
            Some((rights, filter)) => (rights, Some(filter)),
            None => (&text[rights_at..], None),
        };
        let permissions = read_rights(rights).map_err(|(at, problem)| error(rights_at + at, problem))?;
        if let Some(filter) = filter {
            let mut part_at = rights_at + rights.len() + 1;
            for part in filter.split('&') {
                let whole = part.split_once('=').is_some_and(|(name, value)| !name.is_empty() && !value.is_empty());
                if let Some(bad) = part.find(|c: char| c.is_whitespace() || c.is_control()) {
                    return fail(part_at + bad, ScopeProblem::Filter);
                }
                if !whole {
                    return fail(part_at, ScopeProblem::Filter);
                }
                part_at += part.len() + 1;
            }
        }
        Ok(Scope { context, types, permissions, filter: filter.map(str::to_owned) })
    }
}

fn read_rights(rights: &str) -> Result<Permissions, (usize, ScopeProblem)> {
    match rights {
        "read" => return Ok(Permissions::from_iter([Permission::Read, Permission::Search])),
        "write" => return Ok(Permissions::from_iter([Permission::Create, Permission::Update, Permission::Delete])),
        "*" => return Ok(Permissions::ALL),
        "" => return Err((0, ScopeProblem::Rights)),
        _ => {}
    }
    let mut last = None;
    for (at, letter) in rights.char_indices() {
        let permission = Permission::from_letter(letter).ok_or((at, ScopeProblem::Rights))?;
        if last >= Some(permission) {
            return Err((at, ScopeProblem::Order));
        }
        last = Some(permission);
    }
    Ok(rights.chars().filter_map(Permission::from_letter).collect())
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let types = match &self.types {
            ScopeTypes::All => "*",
            ScopeTypes::One(name) => name,
        };
        write!(f, "{}/{types}.{}", self.context.as_str(), self.permissions)?;
        match &self.filter {
            Some(filter) => write!(f, "?{filter}"),
            None => Ok(()),
        }
    }
}

/// Scopes as a token or a request writes them: separated by spaces.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub struct Scopes(Vec<Scope>);

impl Scopes {
    /// The scopes in the order written.
    pub fn iter(&self) -> impl Iterator<Item = &Scope> {
        self.0.iter()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one of them is of one patient.
    pub fn are_of_patient(&self) -> bool {
        self.0.iter().any(|scope| scope.context == Context::Patient)
    }

    /// Refuses, by name, what is written like a scope and can be honoured by nobody: a type that there is not, a filter that no
    /// resource can be held against, a patient whom nobody names.
    pub(crate) fn check(&self, types: Types, patient: Option<&str>) -> Result<(), ScopeError> {
        for scope in &self.0 {
            let fail = |at, problem| Err(ScopeError { scope: scope.to_string(), at, problem });
            if scope.context == Context::Patient && patient.is_none() {
                return fail(0, ScopeProblem::PatientMissing);
            }
            let name = match &scope.types {
                ScopeTypes::All => "*",
                ScopeTypes::One(name)
                    if !(types.is_resource)(name) && name != crate::PERSON_LINK && name != crate::METRICS =>
                {
                    return fail(scope.context.as_str().len() + 1, ScopeProblem::UnknownType(name.clone()));
                }
                ScopeTypes::One(name) => name,
            };
            if let Some(filter) = &scope.filter {
                (types.check_filter)(name, filter).or_else(|why| {
                    fail(scope.to_string().len() - filter.len() - 1, ScopeProblem::FilterRefused(why))
                })?;
            }
        }
        Ok(())
    }
}

/// What must be asked of whoever knows FHIR when scopes are written.
#[derive(Clone, Copy, Debug)]
pub struct Types {
    /// Whether this is the name of a resource type.
    pub is_resource: fn(&str) -> bool,
    /// Whether resources of a type (`*`: of each) can be held against a filter as a scope has it after `?`; or why not.
    pub check_filter: fn(&str, &str) -> Result<(), String>,
}

impl FromStr for Scopes {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Scopes, ScopeError> {
        let mut scopes: Vec<Scope> = Vec::new();
        for part in text.split_ascii_whitespace() {
            let scope = part.parse()?;
            if scopes.len() == MAX_SCOPES {
                return Err(ScopeError { scope: part.to_owned(), at: 0, problem: ScopeProblem::TooMany });
            }
            if !scopes.contains(&scope) {
                scopes.push(scope);
            }
        }
        if scopes.is_empty() {
            return Err(ScopeError { scope: String::new(), at: 0, problem: ScopeProblem::Empty });
        }
        Ok(Scopes(scopes))
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Scopes {
        Scopes(scopes.into_iter().collect())
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            scope.fmt(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests;
