//! The gate: who asks, and may he? It is passed before a body is read or anything parsed.

use crate::app::App;
use crate::call::{Call, Peer};
use crate::cookie;
use crate::refusal::{CHALLENGE, Refusal};
use crate::routes::{Need, Route};
use access::{Grant, PrincipalKind, Use};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};

/// The header that a page sends with writes: a value that only a page of this origin can know.
pub(crate) const CSRF: &str = "x-csrf-token";

/// The header by which a page says that nobody acted: a session is not kept open by what a page does by itself.
pub(crate) const BACKGROUND: &str = "x-medweave-background";

/// Makes the call's grant and checks it against what the route needs.
pub(crate) fn pass(call: &mut Call, route: &Route) -> Result<(), Refusal> {
    if route.need == Need::Nothing {
        call.session = cookie::session(&call.headers);
        return Ok(());
    }
    if route.need == Need::Session {
        return session(call, route);
    }
    authenticate(call, route)?;
    let grant = call.grant()?;
    let known = |name: &str| {
        if ::fhir::schema::r4().is_resource(name) { Ok(()) } else { Err(unknown_type(name)) }
    };
    match route.need {
        Need::Nothing | Need::Known | Need::Session => {}
        Need::Person if grant.principal().kind == PrincipalKind::Person => {}
        Need::Person => {
            let text = format!("needs a person who is signed in, and {} is none", grant.principal());
            return Err(Refusal::new(StatusCode::FORBIDDEN, "forbidden", text));
        }
        Need::OnType(permission) => {
            let name = call.part("type");
            known(&name)?;
            let id = call.part("id");
            if id.starts_with('$') {
                let text = format!("the operation {id} is not supported here; /fhir/metadata lists those that are");
                return Err(Refusal::new(StatusCode::NOT_FOUND, "not-supported", text));
            }
            grant.may(permission, &name)?;
        }
        Need::On(permission, name) => grant.may(permission, name)?,
        Need::OnAll(permission) => grant.may_all(permission)?,
        Need::Administer => grant.may_administer()?,
    }
    Ok(())
}

fn authenticate(call: &mut Call, route: &Route) -> Result<(), Refusal> {
    let used = if call.headers.contains_key(BACKGROUND) { Use::Background } else { route.used };
    let (grant, session) = who(&call.app, call.peer, &call.headers, used)?;
    if let Some(session) = &session {
        check_csrf(call, route, session)?;
    }
    call.grant = Some(grant);
    call.session = session;
    Ok(())
}

/// Whether whoever asks is known at all.
pub(crate) fn known(app: &App, peer: Peer, headers: &HeaderMap) -> Result<(), Refusal> {
    who(app, peer, headers, Use::Background).map(|_| ())
}

/// The grant of whoever asks, and the session it was made from.
fn who(app: &App, peer: Peer, headers: &HeaderMap, used: Use) -> Result<(Grant, Option<String>), Refusal> {
    let (origin, now_us) = (peer.origin(), app.now_us());
    let mut authorizations = headers.get_all(AUTHORIZATION).iter();
    if let Some(value) = authorizations.next() {
        let token =
            value.to_str().ok().and_then(bearer).ok_or_else(|| challenge("Authorization must be `Bearer mw_…`"))?;
        if authorizations.next().is_some() {
            return Err(challenge("there is more than one Authorization"));
        }
        return Ok((app.access.authenticate_token(token, origin, now_us)?, None));
    }
    if let Some(session) = cookie::session(headers) {
        let grant = app.access.session_for(&session, used, origin, now_us)?;
        return Ok((grant, Some(session)));
    }
    match peer {
        Peer::Local { uid } => Ok((app.access.local_operator(uid, &user_name(uid))?, None)),
        Peer::Network { .. } => Err(challenge(
            "a token is needed (`Authorization: Bearer mw_…`, made by `medweave token create`), or a session",
        )),
    }
}

/// What only concerns a session: it may be locked, and then there is no grant. Who has none is known by a token or not at all.
fn session(call: &mut Call, route: &Route) -> Result<(), Refusal> {
    let cookie = cookie::session(&call.headers).filter(|_| !call.headers.contains_key(AUTHORIZATION));
    let Some(cookie) = cookie else { return authenticate(call, route) };
    if call.app.access.session_holder(&cookie, call.app.now_us())?.is_locked {
        check_csrf(call, route, &cookie)?;
        call.session = Some(cookie);
        return Ok(());
    }
    authenticate(call, route)
}

fn check_csrf(call: &Call, route: &Route, session: &str) -> Result<(), Refusal> {
    if route.writes() && !call.header(CSRF).is_some_and(|sent| access::csrf_matches(session, sent)) {
        let text = "this session needs its X-CSRF-Token to change something: read it from GET /api/session";
        return Err(Refusal::new(StatusCode::FORBIDDEN, "security", text));
    }
    Ok(())
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn challenge(text: &str) -> Refusal {
    Refusal::new(StatusCode::UNAUTHORIZED, "login", text).with_header("www-authenticate", CHALLENGE)
}

/// 404 for a type that FHIR R4 does not have.
pub(crate) fn unknown_type(name: &str) -> Refusal {
    let text = match name {
        "_search" => "a search over all types is not supported: name a type, as in /fhir/Patient/_search".to_owned(),
        _ if name.starts_with(['$', '_']) => format!("{name} is not supported here; /fhir/metadata lists what is"),
        _ => format!("FHIR R4 has no resource type \"{name}\""),
    };
    Refusal::new(StatusCode::NOT_FOUND, "not-supported", text)
}

/// The operator's name for the audit: who asked for it, where the system says so.
fn user_name(uid: u32) -> String {
    std::fs::read_to_string("/etc/passwd")
        .ok()
        .and_then(|text| {
            text.lines().find_map(|line| {
                let mut fields = line.split(':');
                let name = fields.next()?;
                (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
            })
        })
        .unwrap_or_else(|| format!("uid {uid}"))
}
