//! Our own API: people and tokens, arrivals, imports, the state of the program.
//!
//! JSON in and out; a refusal is `{"error": {code, message, issues}}`. Times are FHIR instants.

mod arrivals;
mod audit;
mod chart;
mod code_suggestions;
mod codes;
mod cohorts;
mod databases;
mod deadletters;
mod export;
mod identity;
mod import;
mod lineage;
mod lineage_sql;
pub(crate) mod live;
mod mapping_editor;
mod mapping_files;
mod mappings;
mod me;
mod metrics;
mod omop;
mod own_mappings;
mod patients;
mod profile;
mod quality;
mod row_letters;
mod runs;
mod session;
mod setup;
mod source_change;
mod source_doubts;
mod sources;
mod sql;
mod status;
mod stream;
mod tables;
mod tokens;
pub(crate) mod unattended;
mod uploads;
mod users;
mod vocabularies;
mod where_from;

pub(crate) use arrivals::arrival_json;
pub(crate) use lineage_sql::LineageGuest;

use crate::Need::{self, Known, Metrics, Nothing, On, OnAll, OnType, Oversee, Person, Session};
use crate::Route;
use crate::body;
use crate::call::Call;
use crate::openapi;
use crate::refusal::Refusal;
use access::Duty;
use access::Permission::{Create, Read, Search, Update};
use axum::http::{Method, StatusCode};
use serde::de::DeserializeOwned;

const SYSTEM: Need = Need::Duty(Duty::System);
const SECURITY: Need = Need::Duty(Duty::Security);
const AUDIT: Need = Need::Duty(Duty::Audit);

/// The rows of our own API.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::new(Method::GET, "/health", Nothing, status::health),
        Route::new(Method::GET, "/ready", Nothing, status::ready),
        Route::new(Method::GET, "/api/openapi.json", Nothing, openapi::show),
        Route::new(Method::GET, "/metrics", Metrics, metrics::show).in_background(),
        Route::new(Method::GET, "/api/status", Known, status::status),
        Route::new(Method::GET, "/api/session", Session, session::show),
        Route::new(Method::POST, "/api/session", Nothing, session::sign_in),
        Route::new(Method::DELETE, "/api/session", Session, session::sign_out),
        Route::new(Method::POST, "/api/session/link", Nothing, session::by_link),
        Route::new(Method::POST, "/api/session/lock", Person, session::lock),
        Route::new(Method::POST, "/api/session/unlock", Session, session::unlock),
        Route::new(Method::GET, "/api/me", Person, me::show),
        Route::new(Method::PUT, "/api/me", Person, me::choose),
        Route::new(Method::POST, "/api/me/password", Person, me::change_password),
        Route::new(Method::DELETE, "/api/me/sessions/{id}", Person, me::end_session),
        Route::new(Method::GET, "/api/me/events", Person, audit::own),
        Route::new(Method::GET, "/api/setup", Nothing, setup::show),
        Route::new(Method::POST, "/api/setup/check", Nothing, setup::check),
        Route::new(Method::POST, "/api/setup", Nothing, setup::complete),
        Route::new(Method::POST, "/api/setup/code", SECURITY, setup::code),
        Route::new(Method::GET, "/api/live", Known, live::follow).in_background(),
        Route::new(Method::GET, "/api/tokens", SECURITY, tokens::list),
        Route::new(Method::POST, "/api/tokens", SECURITY, tokens::create),
        Route::new(Method::DELETE, "/api/tokens/{id}", SECURITY, tokens::revoke),
        Route::new(Method::GET, "/api/users", Oversee, users::list),
        Route::new(Method::POST, "/api/users", SECURITY, users::create),
        Route::new(Method::PATCH, "/api/users/{id}", SECURITY, users::change),
        Route::new(Method::POST, "/api/users/{id}/link", SECURITY, users::link),
        Route::new(Method::GET, "/api/sources", SYSTEM, sources::list),
        Route::new(Method::POST, "/api/sources", SYSTEM, sources::add),
        Route::new(Method::DELETE, "/api/sources/{id}", SYSTEM, sources::remove),
        Route::new(Method::PATCH, "/api/sources/{id}", OnAll(Update), source_change::change),
        Route::new(Method::GET, "/api/sources/{id}/profile", OnAll(Search), profile::show),
        Route::new(Method::PUT, "/api/sources/{id}/password", SYSTEM, databases::password),
        Route::new(Method::POST, "/api/sources/{id}/pull", OnAll(Create), tables::pull),
        Route::new(Method::POST, "/api/sources/{id}/deliveries", OnAll(Create), uploads::deliver),
        Route::new(Method::GET, "/api/sources/{id}/deliveries", OnAll(Search), tables::deliveries),
        Route::new(Method::GET, "/api/sources/{id}/tables", OnAll(Search), tables::current),
        Route::new(Method::GET, "/api/sources/{id}/tables/{table}/rows/{row}", OnAll(Search), tables::row),
        Route::new(Method::GET, "/api/mappings", OnAll(Search), mappings::list),
        Route::new(Method::GET, "/api/mappings/files", OnAll(Search), mapping_files::show),
        Route::new(Method::POST, "/api/mappings/new", OnAll(Search), profile::new_mapping),
        Route::new(Method::POST, "/api/mappings/check", OnAll(Search), mapping_editor::check),
        Route::new(Method::POST, "/api/mappings/complete", OnAll(Search), mapping_editor::complete),
        Route::new(Method::POST, "/api/mappings/preview", OnAll(Search), mapping_editor::preview),
        Route::new(Method::GET, "/api/mappings/own/{name}", OnAll(Search), own_mappings::show),
        Route::new(Method::PUT, "/api/mappings/own/{name}", OnAll(Update), own_mappings::save),
        Route::new(Method::DELETE, "/api/mappings/own/{name}", OnAll(Update), own_mappings::remove),
        Route::new(Method::POST, "/api/mappings/{source}/check", OnAll(Search), mappings::check),
        Route::new(Method::POST, "/api/mappings/{source}/run", OnAll(Search), mappings::run),
        Route::new(Method::GET, "/api/mappings/{source}/runs", OnAll(Search), runs::list),
        Route::new(Method::GET, "/api/mappings/{source}/runs/{no}", OnAll(Search), runs::one),
        Route::new(Method::POST, "/api/mappings/{source}/pause", OnAll(Update), runs::pause),
        Route::new(Method::POST, "/api/mappings/{source}/undo", OnAll(Update), runs::undo),
        Route::new(Method::GET, "/api/codes", OnAll(Search), codes::list),
        Route::new(Method::POST, "/api/codes/suggest", OnAll(Search), codes::suggest),
        Route::new(Method::POST, "/api/codes/approve", OnAll(Update), codes::approve),
        Route::new(Method::POST, "/api/codes/revoke", OnAll(Update), codes::revoke),
        Route::new(Method::GET, "/api/lineage/{type}/{id}", OnType(Read), lineage::of_resource),
        Route::new(Method::GET, "/api/lineage/omop/{table}/{row}", OnAll(Search), omop::lineage),
        Route::new(Method::POST, "/api/omop/export", OnAll(Search), omop::export),
        Route::new(Method::GET, "/api/quality", OnAll(Search), quality::list),
        Route::new(Method::POST, "/api/quality/runs", OnAll(Search), quality::begin),
        Route::new(Method::GET, "/api/quality/runs/{run}", OnAll(Search), quality::one),
        Route::new(Method::GET, "/api/quality/checks/{check}", OnAll(Search), quality::check),
        Route::new(Method::GET, "/api/quality/checks/{check}/rows", OnAll(Search), quality::rows),
        Route::new(Method::PUT, "/api/quality/checks/{check}/threshold", OnAll(Update), quality::choose),
        Route::new(Method::GET, "/api/quality/thresholds", OnAll(Search), quality::thresholds),
        Route::new(Method::GET, "/api/cohorts", OnAll(Search), cohorts::list),
        Route::new(Method::POST, "/api/cohorts", OnAll(Search), cohorts::find),
        Route::new(Method::DELETE, "/api/cohorts/{name}", OnAll(Update), cohorts::remove),
        Route::new(Method::GET, "/api/vocabularies", Known, vocabularies::show),
        Route::new(Method::POST, "/api/vocabularies", SYSTEM, vocabularies::begin),
        Route::new(Method::DELETE, "/api/vocabularies", SYSTEM, vocabularies::remove),
        Route::new(Method::GET, "/api/vocabularies/search", Known, vocabularies::search),
        Route::new(Method::GET, "/api/arrivals", OnAll(Read), arrivals::list),
        Route::new(Method::GET, "/api/arrivals/sources", OnAll(Read), arrivals::sources),
        Route::new(Method::GET, "/api/arrivals/{no}", OnAll(Read), arrivals::one),
        Route::new(Method::GET, "/api/arrivals/{no}/bytes", OnAll(Read), arrivals::bytes),
        Route::new(Method::POST, "/api/arrivals/{no}/undo", OnAll(Update), import::undo),
        Route::new(Method::GET, "/api/audit/reads", AUDIT, audit::reads),
        Route::new(Method::GET, "/api/audit/accounts", AUDIT, audit::accounts),
        Route::new(Method::GET, "/api/deadletters", OnAll(Read), deadletters::list),
        Route::new(Method::GET, "/api/deadletters/{no}", OnAll(Read), deadletters::one),
        Route::new(Method::GET, "/api/deadletters/{no}/bytes", OnAll(Read), deadletters::bytes),
        Route::new(Method::POST, "/api/deadletters/{no}/correct", OnAll(Update), deadletters::correct),
        Route::new(Method::POST, "/api/deadletters/{no}/replay", OnAll(Update), deadletters::replay),
        Route::new(Method::POST, "/api/deadletters/{no}/discard", OnAll(Update), deadletters::discard),
        Route::new(Method::GET, "/api/identity", On(Search, "Patient"), identity::list),
        Route::new(Method::GET, "/api/identity/{id}", On(Search, "Patient"), identity::one),
        Route::new(Method::POST, "/api/identity/{id}/decide", On(Update, "Patient"), identity::decided),
        Route::new(Method::POST, "/api/identity/{id}/merge", On(Update, "Patient"), identity::merge),
        Route::new(Method::POST, "/api/identity/{id}/undo", On(Update, "Patient"), identity::undo),
        Route::new(Method::POST, "/api/import", OnAll(Create), import::import),
        Route::new(Method::POST, "/api/import/files", OnAll(Create), import::files),
        Route::new(Method::POST, "/api/import/files/{no}/stop", OnAll(Create), import::stop),
        Route::new(Method::GET, "/api/patients", On(Search, "Patient"), patients::search),
        Route::new(Method::GET, "/api/chart/{id}", On(Read, "Patient"), chart::chart),
        Route::new(Method::GET, "/api/where/{type}/{id}", OnType(Read), where_from::versions),
        Route::new(Method::GET, "/api/where/{type}/{id}/bytes", OnType(Read), where_from::bytes),
        Route::new(Method::GET, "/api/where/{type}/{id}/elements", OnAll(Read), where_from::elements),
        Route::new(Method::GET, "/api/export/{type}", OnAll(Search), export::of_type),
        Route::new(Method::POST, "/api/sql", OnAll(Search), sql::ask),
        Route::new(Method::GET, "/api/sql/tables", OnAll(Search), sql::tables),
        Route::new(Method::GET, "/api/lake", OnAll(Search), sql::status),
        Route::new(Method::POST, "/api/lake/flush", SYSTEM, sql::flush),
        Route::new(Method::POST, "/api/lake/rebuild", SYSTEM, sql::rebuild),
    ]
}

/// What is wrong with a body, without the value that is: it may be a password that was written as a number.
fn without_value(text: &str) -> String {
    let of = text.starts_with("invalid type: ") || text.starts_with("invalid value: ");
    match (text.find(['`', '"']), text.rfind(", expected ")) {
        (Some(from), Some(to)) if of && from < to => format!("{}{}", text[..from].trim_end(), &text[to..]),
        _ => text.to_owned(),
    }
}

impl Call {
    /// Reads a body of our own JSON. The media type must say so: a form of another site cannot.
    pub(crate) async fn json<T: DeserializeOwned>(&mut self) -> Result<T, Refusal> {
        self.json_within(body::OF_OUR_OWN).await
    }

    /// The same for what may be larger.
    pub(crate) async fn json_within<T: DeserializeOwned>(&mut self, of_known: body::Bounds) -> Result<T, Refusal> {
        let media = self.header("content-type").unwrap_or_default();
        if !media.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
            return Err(Refusal::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "not-supported",
                "send JSON with Content-Type: application/json",
            ));
        }
        let bounds = if self.grant.is_some() { of_known } else { body::OF_STRANGERS };
        let content = self.content_within(bounds).await?;
        serde_json::from_slice(&content.bytes).map_err(|error| Refusal::bad_request(without_value(&error.to_string())))
    }

    /// A number in the path.
    pub(crate) fn number(&self, name: &str) -> Result<i64, Refusal> {
        let text = self.part(name);
        text.parse().map_err(|_| Refusal::not_found(format!("\"{text}\" is no number")))
    }
}
