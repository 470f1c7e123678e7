//! How many requests there were, and how long they took: by route, never by path, which may name a patient.

use axum::http::{Method, StatusCode};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Upper bounds of the buckets of durations, seconds.
const BOUNDS: [f64; 10] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.0, 10.0];

/// Counts since the program began.
#[derive(Default)]
pub(crate) struct Counts(Mutex<BTreeMap<(&'static str, String), OfRoute>>);

#[derive(Default)]
struct OfRoute {
    by_status: BTreeMap<u16, u64>,
    /// Requests that took no longer than each bound.
    within: [u64; BOUNDS.len()],
    seconds: f64,
}

impl Counts {
    /// Counts a request that was answered.
    pub(crate) fn request(&self, method: &Method, route: &'static str, status: StatusCode, took: Duration) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of = all.entry((route, method.as_str().to_owned())).or_default();
        *of.by_status.entry(status.as_u16()).or_default() += 1;
        let seconds = took.as_secs_f64();
        for (count, bound) in of.within.iter_mut().zip(BOUNDS) {
            *count += u64::from(seconds <= bound);
        }
        of.seconds += seconds;
    }

    /// The counts as Prometheus reads them.
    pub(crate) fn write(&self, out: &mut String) {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Writing to a String cannot fail.
        let mut line = |text: std::fmt::Arguments<'_>| {
            let _ = writeln!(out, "{text}");
        };
        line(format_args!("# HELP medweave_http_requests_total Requests answered."));
        line(format_args!("# TYPE medweave_http_requests_total counter"));
        for ((route, method), of) in all.iter() {
            for (status, count) in &of.by_status {
                line(format_args!(
                    "medweave_http_requests_total{{method=\"{method}\",route=\"{route}\",status=\"{status}\"}} {count}"
                ));
            }
        }
        line(format_args!("# HELP medweave_http_request_seconds From the gate to the answer's head."));
        line(format_args!("# TYPE medweave_http_request_seconds histogram"));
        for ((route, method), of) in all.iter() {
            let name = format!("method=\"{method}\",route=\"{route}\"");
            for (count, bound) in of.within.iter().zip(BOUNDS) {
                line(format_args!("medweave_http_request_seconds_bucket{{{name},le=\"{bound}\"}} {count}"));
            }
            let count: u64 = of.by_status.values().sum();
            line(format_args!("medweave_http_request_seconds_bucket{{{name},le=\"+Inf\"}} {count}"));
            line(format_args!("medweave_http_request_seconds_sum{{{name}}} {}", of.seconds));
            line(format_args!("medweave_http_request_seconds_count{{{name}}} {count}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Counts;
    use axum::http::{Method, StatusCode};
    use std::time::Duration;

    #[test]
    fn buckets_hold_what_took_no_longer() {
        let counts = Counts::default();
        for took_ms in [1, 20, 30_000] {
            let took = Duration::from_millis(took_ms);
            counts.request(&Method::GET, "/fhir/{type}/{id}", StatusCode::OK, took);
        }
        counts.request(&Method::GET, "/fhir/{type}/{id}", StatusCode::NOT_FOUND, Duration::ZERO);
        let mut out = String::new();
        counts.write(&mut out);
        let name = "method=\"GET\",route=\"/fhir/{type}/{id}\"";
        for line in [
            format!("medweave_http_requests_total{{{name},status=\"200\"}} 3"),
            format!("medweave_http_requests_total{{{name},status=\"404\"}} 1"),
            format!("medweave_http_request_seconds_bucket{{{name},le=\"0.001\"}} 2"),
            format!("medweave_http_request_seconds_bucket{{{name},le=\"10\"}} 3"),
            format!("medweave_http_request_seconds_bucket{{{name},le=\"+Inf\"}} 4"),
            format!("medweave_http_request_seconds_count{{{name}}} 4"),
        ] {
            assert!(out.lines().any(|found| found == line), "{line} in {out}");
        }
    }
}
