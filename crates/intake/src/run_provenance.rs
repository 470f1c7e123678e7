//! What tells in FHIR of a run that wrote: one `Provenance` a run, not one a resource.
//!
//! Its targets are named, not listed: a run makes millions of resources, and whoever may see one of them may not see the others. For each
//! type that the mapping makes stands a reference by identifier, `urn:medweave:source:NAME:run|NUMBER`. Its entities are the delivery whose rows it
//! saw and the version of the mapping. It is stored in the run's own delivery, so that taking the run back takes it back too.

use crate::fhir_door::put::Put;
use access::Grant;
use fhir::json::Tree;
use fhir::schema::r4;
use records::{Besides, DeliveryNo, Error, IfEqual, Lookup, Operation, Planner, derived_id};
use std::sync::Arc;
use tables::run::{RunEnds, RunInfo, urn_of};

/// The type of what tells of a run.
pub(crate) const PROVENANCE: &str = "Provenance";
/// Who took part, and how.
const PARTICIPANT: &str = "http://terminology.hl7.org/CodeSystem/provenance-participant-type";
/// What was done (ISO 21089).
const LIFECYCLE: &str = "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle";

/// The id of what tells of a run of a source.
pub fn provenance_id(source: &str, run: i64) -> String {
    derived_id(source, &format!("\0run\0{run}"))
}

/// Stores it, unless it is there.
pub(crate) struct RunPlan {
    pub(crate) content: Arc<Vec<u8>>,
    id: String,
    delivery: DeliveryNo,
}

fn text(text: &str) -> String {
    Tree::String(text.to_owned()).to_string()
}

fn instant(at_us: i64) -> String {
    jiff::Timestamp::from_microsecond(at_us).unwrap_or_default().to_string()
}

/// A reference to what is no resource here.
fn named(kind: Option<&str>, system: &str, value: &str, display: &str) -> String {
    let kind = kind.map(|kind| format!(r#""type":"{kind}","#)).unwrap_or_default();
    let (system, value, display) = (text(system), text(value), text(display));
    format!(r#"{{{kind}"identifier":{{"system":{system},"value":{value}}},"display":{display}}}"#)
}

fn provenance(source: &str, run: &RunInfo, ends: &RunEnds, who: &str, now_us: i64) -> String {
    let of_source = urn_of(source);
    let number = run.no.to_string();
    let target = |name: &&str| {
        named(
            Some(*name),
            &format!("{of_source}:run"),
            &number,
            &format!("{name} resources of run {number} of {source}"),
        )
    };
    let targets: Vec<String> = ends.types.iter().map(target).collect();
    let mut entities = Vec::new();
    if let Some(delivery) = run.delivery {
        let what = named(
            None,
            &format!("{of_source}:delivery"),
            &delivery.to_string(),
            &format!("rows of {source} as of delivery {delivery}"),
        );
        entities.push(format!(r#"{{"role":"source","what":{what}}}"#));
    }
    let version = if ends.version.is_empty() { String::new() } else { format!(" version {}", ends.version) };
    let display = format!("mapping {}{version}", ends.mapping);
    let what = named(None, "urn:medweave:mapping", &ends.hash, &display);
    entities.push(format!(r#"{{"role":"derivation","what":{what}}}"#));
    let agent = |code: &str, display: &str, who: &str| {
        format!(
            r#"{{"type":{{"coding":[{{"system":"{PARTICIPANT}","code":"{code}","display":"{display}"}}]}},"who":{{"display":{}}}}}"#,
            text(who)
        )
    };
    let agents = [
        agent("assembler", "Assembler", concat!("medweave ", env!("CARGO_PKG_VERSION"))),
        agent("performer", "Performer", who),
    ];
    format!(
        r#"{{"resourceType":"{PROVENANCE}","id":"{id}","target":[{targets}],"occurredPeriod":{{"start":"{begun}","end":"{now}"}},"recorded":"{now}","activity":{{"coding":[{{"system":"{LIFECYCLE}","code":"transform","display":"Transform/Translate Record Lifecycle Event"}}],"text":{text}}},"agent":[{agents}],"entity":[{entities}]}}"#,
        id = provenance_id(source, run.no),
        targets = targets.join(","),
        begun = instant(run.begun_us),
        now = instant(now_us.max(run.begun_us)),
        text = text(&format!("run {number} of the mapping of {source}")),
        agents = agents.join(","),
        entities = entities.join(","),
    )
}

impl RunPlan {
    pub(crate) fn of(source: &str, run: &RunInfo, ends: &RunEnds, grant: &Grant, now_us: i64) -> RunPlan {
        let content = provenance(source, run, ends, &grant.principal().to_string(), now_us);
        RunPlan { content: Arc::new(content.into_bytes()), id: provenance_id(source, run.no), delivery: run.written_as }
    }
}

impl Planner for RunPlan {
    fn plan(&self, lookup: &dyn Lookup) -> Result<Vec<Operation>, Error> {
        // It was told before the run was cut off.
        if lookup.current(PROVENANCE, &self.id)?.is_some_and(|current| current.json.is_some()) {
            return Ok(Vec::new());
        }
        let resource_type = r4()
            .resource_type(PROVENANCE)
            .ok_or_else(|| Error::NotSupported(format!("{PROVENANCE} is no resource type")))?;
        let put = Put {
            resource_type,
            id: self.id.clone(),
            text: std::str::from_utf8(&self.content).map_err(|error| Error::Damaged(error.to_string()))?,
            if_match: None,
            if_equal: IfEqual::Keep,
            must_be_new: false,
            at: 0,
            length: self.content.len() as u64,
        };
        Ok(vec![put.operation(lookup)?])
    }

    fn besides(&self) -> Besides {
        Besides { delivery: Some(self.delivery), ..Besides::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fhir::json::Document;
    use fhir::validate::{Options, has_errors, validate};
    use tables::run::RunState;

    #[test]
    fn it_is_fhir_and_names_run_delivery_and_mapping() {
        let run = RunInfo {
            no: 7,
            begun_us: 1_700_000_000_000_000,
            ended_us: None,
            who: "user ann".into(),
            mapping: "lab".into(),
            version: "2 \"b\"".into(),
            hash: "abc".into(),
            delivery: Some(3),
            written_as: DeliveryNo(12),
            state: RunState::Running,
            counts: None,
            problem: None,
        };
        let ends = RunEnds {
            mapping: "lab".into(),
            version: run.version.clone(),
            hash: "abc".into(),
            types: vec!["Observation", "Patient"],
        };
        let made = provenance("ward", &run, &ends, "user ann", run.begun_us + 5_000_000);
        let document = Document::parse(made.as_bytes()).unwrap();
        let issues = validate(document.root(), &Options::default());
        assert!(!has_errors(&issues), "{issues:?}");
        for part in [
            r#"{"type":"Observation","identifier":{"system":"urn:medweave:source:ward:run","value":"7"}"#,
            r#"{"system":"urn:medweave:source:ward:delivery","value":"3"}"#,
            r#"{"system":"urn:medweave:mapping","value":"abc"},"display":"mapping lab version 2 \"b\"""#,
            r#""recorded":"2023-11-14T22:13:25Z""#,
        ] {
            assert!(made.contains(part), "{part} in {made}");
        }
    }
}
