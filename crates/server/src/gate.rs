//! The gate: who asks, and may he? It is passed before a body is read or anything parsed.

use crate::app::App;
use crate::call::{Call, Peer};
use crate::cookie::{self, Transport};
use crate::refusal::{BAD_TOKEN, CHALLENGE, Refusal};
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
        call.session = cookie::session(&call.headers, Transport::of(call.peer));
        return check_site(call, route);
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
                return Err(unknown_operation(&id));
            }
            grant.may_some(permission, &name)?;
        }
        Need::On(permission, name) => grant.may_some(permission, name)?,
        Need::OnAll(permission) => grant.may_all(permission)?,
        Need::Duty(duty) => grant.may_do(duty)?,
        Need::Oversee => grant.may_oversee()?,
        Need::Metrics => grant.may_see_metrics()?,
    }
    Ok(())
}

fn authenticate(call: &mut Call, route: &Route) -> Result<(), Refusal> {
    let used = if call.headers.contains_key(BACKGROUND) { Use::Background } else { route.used };
    let (grant, session) = who(&call.app, call.peer, &call.headers, used)?;
    // Known from here on: what is refused below stands in the trail under that name.
    call.grant = Some(grant);
    call.session.clone_from(&session);
    check_site(call, route)?;
    match session {
        Some(session) => check_csrf(call, route, &session),
        None => Ok(()),
    }
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
        return match app.access.authenticate_token(token, origin, now_us) {
            Ok(grant) => Ok((grant, None)),
            Err(refused) => Err(Refusal::from(refused).instead_of_header("www-authenticate", BAD_TOKEN)),
        };
    }
    if let Some(session) = cookie::session(headers, Transport::of(peer)) {
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
    let cookie = cookie::session(&call.headers, Transport::of(call.peer));
    let cookie = cookie.filter(|_| !call.headers.contains_key(AUTHORIZATION));
    let Some(cookie) = cookie else { return authenticate(call, route) };
    if call.app.access.session_holder(&cookie, call.app.now_us())?.is_locked {
        check_site(call, route)?;
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

/// Refuses what a page of another site makes a browser send. Browsers say so in `Sec-Fetch-Site` (Fetch Metadata, W3C); older ones
/// name the page's origin. Programs send neither, and have no cookie that could be abused.
fn check_site(call: &Call, route: &Route) -> Result<(), Refusal> {
    if !route.writes() {
        return Ok(());
    }
    let is_own = match (call.header("sec-fetch-site"), call.header("origin")) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => {
            let bare = |host: &str| host.trim_end_matches(":80").trim_end_matches(":443").to_ascii_lowercase();
            let page = origin.split_once("://").map(|(_, host)| bare(host));
            page.is_some() && page == call.host().map(bare)
        }
        (None, None) => true,
    };
    if is_own {
        return Ok(());
    }
    let text = "this was sent by a page of another site, and only pages of this one may change something";
    Err(Refusal::new(StatusCode::FORBIDDEN, "security", text))
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

/// 404 for an operation that is not known here.
pub(crate) fn unknown_operation(name: &str) -> Refusal {
    let text = format!("the operation {name} is not supported here; /fhir/metadata lists those that are");
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
