//! Media types and the `Prefer` header: what a client sends and wants.

use crate::answer::FHIR_JSON;
use crate::call::Call;
use crate::refusal::Refusal;
use axum::http::StatusCode;

/// Refuses requests for anything but JSON, by name.
pub(crate) fn wants_json(call: &Call) -> Result<(), Refusal> {
    json_wanted(call.query_value("_format").as_deref(), call.header_lines("accept").as_deref())
}

/// The same for a `_format` and an `Accept` from elsewhere.
pub(crate) fn json_wanted(format: Option<&str>, accept: Option<&str>) -> Result<(), Refusal> {
    if let Some(format) = format.filter(|format| !format.is_empty()) {
        // A `+` that was not escaped arrives as a space.
        return match Kind::of(&format.replace(' ', "+")) {
            Kind::Json => Ok(()),
            kind => Err(kind.not_acceptable(format)),
        };
    }
    let Some(accept) = accept.filter(|accept| !accept.trim().is_empty()) else { return Ok(()) };
    let refused: Vec<(Kind, &str)> = accept.split(',').map(str::trim).map(|range| (Kind::of(range), range)).collect();
    if refused.iter().any(|(kind, range)| matches!(kind, Kind::Json | Kind::Any) && !is_excluded(range)) {
        return Ok(());
    }
    let named = refused.iter().find(|(kind, _)| matches!(kind, Kind::Xml | Kind::OtherVersion)).or(refused.first());
    Err(named.map_or_else(|| Kind::Other.not_acceptable(accept), |(kind, range)| kind.not_acceptable(range)))
}

fn is_excluded(range: &str) -> bool {
    range
        .split(';')
        .skip(1)
        .filter_map(|p| p.trim().split_once('='))
        .any(|(key, value)| key == "q" && value.parse::<f32>() == Ok(0.0))
}

/// Refuses conditions that a write does not heed: done all the same, it would overwrite what the sender meant to spare.
pub(crate) fn only_conditions(call: &Call, heeded: &[&str]) -> Result<(), Refusal> {
    const CONDITIONS: [&str; 4] = ["if-match", "if-none-match", "if-unmodified-since", "if-none-exist"];
    match CONDITIONS.iter().find(|name| call.headers.contains_key(**name) && !heeded.contains(name)) {
        None => Ok(()),
        Some(name) => {
            let text = format!("the condition {name} is not supported with this {}: nothing was stored", call.method);
            Err(Refusal::new(StatusCode::BAD_REQUEST, "not-supported", text))
        }
    }
}

/// What a body says it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Json,
    Any,
    Xml,
    JsonPatch,
    Form,
    OtherVersion,
    Other,
}

impl Kind {
    pub(crate) fn of(media: &str) -> Kind {
        let mut parts = media.split(';').map(str::trim);
        let base = parts.next().unwrap_or_default().to_ascii_lowercase();
        for parameter in parts {
            if let Some((key, value)) = parameter.split_once('=')
                && key.trim().eq_ignore_ascii_case("fhirversion")
                && !matches!(value.trim().trim_matches('"'), "4.0" | "4.0.0" | "4.0.1")
            {
                return Kind::OtherVersion;
            }
        }
        match base.as_str() {
            "json" | "application/json" | "application/fhir+json" | "text/json" | "application/json+fhir" => Kind::Json,
            "*/*" | "application/*" => Kind::Any,
            "xml" | "application/xml" | "application/fhir+xml" | "text/xml" | "application/xml+fhir" => Kind::Xml,
            "application/json-patch+json" => Kind::JsonPatch,
            "application/x-www-form-urlencoded" => Kind::Form,
            _ => Kind::Other,
        }
    }

    fn not_acceptable(self, asked: &str) -> Refusal {
        let text = match self {
            Kind::Xml => format!("XML is not supported ({asked}): ask for application/fhir+json"),
            Kind::OtherVersion => format!("only FHIR R4 (fhirVersion=4.0) is spoken here, not {asked}"),
            _ => format!("{asked} is not supported: ask for application/fhir+json"),
        };
        Refusal::new(StatusCode::NOT_ACCEPTABLE, "not-supported", text)
    }
}

/// Refuses a body that does not say it is FHIR as JSON.
pub(crate) fn sends_json(call: &Call) -> Result<(), Refusal> {
    sends(call, Kind::Json, FHIR_JSON.split(';').next().unwrap_or(FHIR_JSON))
}

/// Refuses a body of another kind than `wanted`, called `name`.
pub(crate) fn sends(call: &Call, wanted: Kind, name: &str) -> Result<(), Refusal> {
    let media = call.header("content-type").unwrap_or_default();
    let kind = Kind::of(media);
    let charset = media.split(';').skip(1).filter_map(|parameter| parameter.trim().split_once('='));
    let charset = charset.filter(|(key, _)| key.trim().eq_ignore_ascii_case("charset")).map(|(_, value)| value);
    let other = charset
        .map(|value| value.trim().trim_matches('"'))
        .find(|value| !value.eq_ignore_ascii_case("utf-8") && !value.eq_ignore_ascii_case("utf8"));
    if let Some(other) = other {
        let text = format!("the charset {other} is not supported: send UTF-8");
        return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not-supported", text));
    }
    if kind == wanted {
        return Ok(());
    }
    let text = match kind {
        Kind::Xml => format!("XML is not supported ({media}): send {name}"),
        _ if media.is_empty() => format!("the body has no Content-Type: send {name}"),
        Kind::Json if wanted == Kind::JsonPatch => {
            format!("only JSON Patch is supported for PATCH, not FHIRPath Patch or a merge ({media}): send {name}")
        }
        _ => format!("{media} is not supported here: send {name}"),
    };
    Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not-supported", text))
}

/// `Prefer: return=…`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Returning {
    Minimal,
    Representation,
    Outcome,
}

/// `Prefer: handling=…`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Handling {
    /// What is not understood is left out and said.
    #[default]
    Lenient,
    /// What is not understood is an error.
    Strict,
}

/// The `Prefer` header.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Prefer {
    returning: Option<Returning>,
    pub(crate) handling: Handling,
}

impl Prefer {
    pub(crate) fn of(call: &Call) -> Prefer {
        let mut prefer = Prefer::default();
        let values = call.headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
        for part in values.flat_map(|value| value.split([',', ';'])) {
            match part.trim().replace(' ', "").to_ascii_lowercase().as_str() {
                "return=minimal" => prefer.returning = Some(Returning::Minimal),
                "return=representation" => prefer.returning = Some(Returning::Representation),
                "return=operationoutcome" => prefer.returning = Some(Returning::Outcome),
                "handling=strict" => prefer.handling = Handling::Strict,
                "handling=lenient" => prefer.handling = Handling::Lenient,
                // Preferences of others are ignored, as RFC 7240 (section 2) has it.
                _ => {}
            }
        }
        prefer
    }

    /// What is to be returned; the resource if nothing is said.
    pub(crate) fn returning(self) -> Returning {
        self.returning.unwrap_or(Returning::Representation)
    }

    /// The same with another default.
    pub(crate) fn or_returning(self, default: Returning) -> Prefer {
        Prefer { returning: self.returning.or(Some(default)), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_spoken_and_everything_else_is_refused_by_name() {
        for accept in [
            "*/*",
            "application/fhir+json",
            "text/html, application/json;q=0.5",
            "application/fhir+json; fhirVersion=4.0",
            "",
        ] {
            assert!(json_wanted(None, Some(accept)).is_ok(), "{accept}");
        }
        for (accept, word) in [
            ("application/fhir+xml", "XML"),
            ("text/turtle", "text/turtle"),
            ("application/fhir+json;fhirVersion=5.0", "R4"),
        ] {
            let refusal = json_wanted(None, Some(accept)).unwrap_err();
            assert_eq!(refusal.status, StatusCode::NOT_ACCEPTABLE);
            assert!(refusal.issues[0].text.contains(word), "{accept}: {}", refusal.issues[0].text);
        }
        assert!(json_wanted(Some("xml"), Some("application/json")).is_err());
        assert!(json_wanted(Some("application/fhir json"), Some("application/xml")).is_ok());
        assert!(json_wanted(None, Some("application/json;q=0, application/fhir+xml")).is_err());
    }
}
