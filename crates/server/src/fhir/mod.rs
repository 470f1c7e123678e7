//! The FHIR API: what HTTP says, turned into calls of the stores, and their answers into HTTP.

mod bundle;
mod capability;
mod everything;
mod history;
mod kinds;
mod lastn;
mod narrow;
mod people;
mod read;
mod search;
mod searchset;
mod source;
mod terms;
mod write;

use crate::Need::{Known, Nothing, On, OnAll, OnType};
use crate::Route;
use access::Permission::{Create, Delete, Read, Search, Update};
use axum::http::Method;

/// The rows of the FHIR API.
pub(crate) fn routes() -> Vec<Route> {
    let mut all = vec![
        Route::new(Method::GET, "/fhir/metadata", Nothing, capability::statement),
        Route::new(Method::POST, "/fhir", Known, bundle::post),
        Route::new(Method::POST, "/fhir/", Known, bundle::post),
        Route::new(Method::GET, "/fhir/_history", OnAll(Search), history::system),
        Route::new(Method::GET, "/fhir/{type}", OnType(Search), search::by_get),
        Route::new(Method::POST, "/fhir/{type}/_search", OnType(Search), search::by_post),
        Route::new(Method::POST, "/fhir/{type}", OnType(Create), write::create),
        Route::new(Method::PUT, "/fhir/{type}", OnType(Update), write::conditional_update),
        Route::new(Method::DELETE, "/fhir/{type}", OnType(Delete), write::conditional_delete),
        Route::new(Method::PATCH, "/fhir/{type}", OnType(Update), write::conditional_patch),
        Route::new(Method::GET, "/fhir/{type}/_history", OnType(Search), history::of_type),
        Route::new(Method::GET, "/fhir/{type}/{id}", OnType(Read), read::current),
        Route::new(Method::PUT, "/fhir/{type}/{id}", OnType(Update), write::update),
        Route::new(Method::PATCH, "/fhir/{type}/{id}", OnType(Update), write::patch),
        Route::new(Method::DELETE, "/fhir/{type}/{id}", OnType(Delete), write::delete),
        Route::new(Method::GET, "/fhir/{type}/{id}/_history", OnType(Read), history::of_instance),
        Route::new(Method::GET, "/fhir/{type}/{id}/_history/{version}", OnType(Read), read::version),
        Route::new(Method::GET, "/fhir/{type}/{id}/$source", OnType(Read), source::source),
        Route::new(Method::GET, "/fhir/Patient/{id}/$everything", On(Read, "Patient"), everything::of_patient),
        Route::new(Method::POST, "/fhir/Patient/$match", On(Search, "Patient"), people::find),
        Route::new(Method::POST, "/fhir/Patient/$merge", On(Update, "Patient"), people::join),
        Route::new(Method::GET, "/fhir/Observation/$lastn", On(Search, "Observation"), lastn::by_get),
        Route::new(Method::POST, "/fhir/Observation/$lastn", On(Search, "Observation"), lastn::by_post),
    ];
    all.extend(terms::routes());
    all
}
