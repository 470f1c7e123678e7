//! Who may do what: accounts, tokens, scopes and sources, and the [`Grant`] that proves it.
//!
//! A door asks [`Access`] for a [`Grant`] - by token, session, source address or the operator's user id - and hands it to the
//! stores, each of whose functions takes one and asks it: [`Grant::may`], [`Grant::may_use_sql`], [`Grant::sees_all_patients`].
//! A [`Denied`] tells what was needed and what is held. What was done is written down as an [`Audit`] by the store, and as an
//! [`AccountAudit`] here for accounts themselves.
//!
//! The way of a request: what somebody shows → [`Access`] → [`Principal`] and [`Scopes`] → [`Grant`] → the store that asks it. There is
//! no other way to a grant, and one dies with the token, session or source that it was made from.
//!
//! Time (`now_us`, µs since 1970 UTC) and randomness are passed in. Knows neither HTTP nor FHIR: resource types are names.

mod access;
mod account;
mod audit;
mod choice;
mod database;
mod duty;
mod error;
mod grant;
mod link;
mod lockout;
mod name;
mod network;
mod password;
mod permission;
mod principal;
mod reach;
mod scope;
mod secret;
mod session;
mod setup;
mod sign_in;
mod source;
mod token;
mod trail;

pub use access::{Access, Component, MAX_AUDIT_ROWS};
pub use account::{Account, AccountChange, MAX_ACCOUNTS, NewAccount, Role};
pub use audit::{Action, Audit, Subject};
pub use choice::{Choices, MAX_CHOICE_CHARACTERS, MAX_CHOICES};
pub use duty::Duty;
pub use error::{Error, LinkRefused, Refused, SetupRefused, SignInRefused};
pub use grant::{Denied, Grant, METRICS, Need, PERSON_LINK};
pub use link::{LINK_US, SignInLink};
pub use lockout::{LOCK_US, MAX_TRIES, MAX_TRIES_PER_ADDRESS, WINDOW_US};
pub use name::MAX_NAME_CHARACTERS;
pub use network::{Network, NetworkError};
pub use password::{MAX_PASSWORD_CHARACTERS, MIN_PASSWORD_CHARACTERS};
pub use permission::{Permission, Permissions};
pub use principal::{Door, Origin, Principal, PrincipalKind};
pub use reach::{Sight, Window};
pub use scope::{Context, MAX_SCOPES, Scope, ScopeError, ScopeProblem, ScopeTypes, Scopes, Types};
pub use secret::{Random, Secret, system_random, without_tokens};
pub use session::{
    IDLE_US, MAX_SESSIONS_PER_ACCOUNT, SESSION_US, Session, SessionHolder, SignedIn, Use, csrf_matches, csrf_token,
};
pub use setup::{FirstAdmin, SETUP_US, SetupCode};
pub use source::{AllowedSource, MAX_SOURCES, NewSource, Source};
pub use token::{CreatedToken, MAX_TOKENS, NewToken, TOKEN_PREFIX, Token};
pub use trail::{AccountAudit, Outcome, TrailHead};

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod model;
