//! From a resource's text to what is stored of it: body, packed body, index values.

use crate::body::Body;
use crate::error::{Error, Issue};
use crate::plan::{Content, Value};
use crate::store::Shared;
use crate::token::URL_SYSTEM;
use fhir::json::{Document, Node, Rewriter};
use fhir::parameters::{Parameter, ParameterKind, parameters};
use fhir::path::CompileError;
use fhir::schema::{TypeId, r4};
use fhir::search::{Check, Extractor, IndexValue, QuantityValue, ReferenceValue, Test};
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

/// The compiled search parameters of every type.
pub(crate) struct Extraction {
    extractor: Extractor,
    composites: Vec<Option<(u16, u16)>>,
    compartments: Vec<Compartment>,
    unions: HashMap<u16, Vec<u16>>,
}

/// A parameter that only joins others of its kind (`combo-code` is `code` and `component-code`) needs no rows of its own: which
/// ones it joins, by number. Read off the published expressions.
fn unions(resource_type: &str, out: &mut HashMap<u16, Vec<u16>>) {
    let alternatives =
        |p: &Parameter| p.expression.split('|').map(|part| part.trim().to_owned()).collect::<BTreeSet<_>>();
    let all = parameters().of(resource_type);
    for whole in all.iter().filter(|p| matches!(p.kind, ParameterKind::Token | ParameterKind::Quantity)) {
        let wanted = alternatives(whole);
        let parts: Vec<&Parameter> = all
            .iter()
            .filter(|p| p.kind == whole.kind && p.number != whole.number)
            .filter(|p| alternatives(p).is_subset(&wanted) && alternatives(p).len() < wanted.len())
            .collect();
        let covered: BTreeSet<String> = parts.iter().flat_map(|p| alternatives(p)).collect();
        if parts.len() > 1 && covered == wanted {
            out.insert(whole.number, parts.iter().map(|p| p.number).collect());
        }
    }
}

/// How a type belongs to patients.
#[derive(Clone, Debug, Default)]
pub(crate) struct Compartment {
    pub(crate) is_patient: bool,
    /// Parameters whose references to a patient put a resource into that patient's compartment.
    pub(crate) numbers: Vec<u16>,
    /// The parameter that says when what a resource tells of happened.
    pub(crate) care_date: Option<u16>,
}

/// Codes of the date parameter that says when something clinically happened, in the order in which they are tried.
const CLINICAL_DATES: [&str; 7] =
    ["date", "onset-date", "recorded-date", "authoredon", "effective-time", "performed-date", "occurrence"];
/// Codes of the parameter that says what a resource is about.
const CODES: [&str; 3] = ["code", "vaccine-code", "medication"];

/// Values of one resource that are taken into the index, at most: a list of some hundred thousand members. Their keys are made
/// on the writer, which everybody waits for.
const VALUES_MAX: usize = 500_000;

impl Extraction {
    pub(crate) fn new() -> Self {
        let schema = r4();
        let mut composites = Vec::new();
        let mut compartments = Vec::new();
        let mut joined = HashMap::new();
        for type_id in schema.resource_types() {
            let name = schema.info(type_id).name;
            let number = |codes: &[&str], kind: ParameterKind| {
                codes.iter().find_map(|code| parameters().find(name, code).filter(|p| p.kind == kind).map(|p| p.number))
            };
            let pair = number(&CODES, ParameterKind::Token).zip(number(&CLINICAL_DATES, ParameterKind::Date));
            let at = type_id.0 as usize;
            if composites.len() <= at {
                composites.resize(at + 1, None);
                compartments.resize(at + 1, Compartment::default());
            }
            composites[at] = pair;
            unions(name, &mut joined);
            let codes = fhir::compartment::patient(name);
            compartments[at] = Compartment {
                is_patient: name == "Patient",
                numbers: codes.iter().filter_map(|code| parameters().find(name, code).map(|p| p.number)).collect(),
                care_date: number(&CLINICAL_DATES, ParameterKind::Date),
            };
        }
        Extraction { extractor: Extractor::new(), composites, compartments, unions: joined }
    }

    pub(crate) fn composite(&self, resource_type: TypeId) -> Option<(u16, u16)> {
        self.composites.get(resource_type.0 as usize).copied().flatten()
    }

    /// The parameters whose rows answer for `param`: itself, or those that it joins.
    pub(crate) fn rows_of(&self, param: u16) -> &[u16] {
        self.unions.get(&param).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn compartment(&self, resource_type: TypeId) -> &Compartment {
        static NONE: Compartment = Compartment { is_patient: false, numbers: Vec::new(), care_date: None };
        self.compartments.get(resource_type.0 as usize).unwrap_or(&NONE)
    }

    /// The values of a resource for each of its parameters, as they are.
    pub(crate) fn extract<'d>(&'d self, resource: Node<'d>, sink: &mut impl FnMut(&'static Parameter, IndexValue<'d>)) {
        self.extractor.extract(resource, sink);
    }

    /// A test of bodies, ready to be asked; `None` for one that the index answers.
    pub(crate) fn check<'t>(&'t self, test: &'t Test) -> Option<Result<Check<'t>, CompileError>> {
        self.extractor.check(test)
    }

    pub(crate) fn values(&self, resource: Node<'_>) -> Vec<Value> {
        let mut out = Vec::with_capacity(24);
        self.extractor.extract(resource, &mut |parameter, value| {
            let param = parameter.number;
            if self.unions.contains_key(&param) {
                return;
            }
            match value {
                IndexValue::Token { system, code } => {
                    out.push(Value::Token { param, system: system.map(Cow::into_owned), code: code.into_owned() });
                }
                IndexValue::Uri { text } => out.push(url(param, text)),
                IndexValue::Reference(ReferenceValue::Local { type_id, id }) => {
                    out.push(Value::Reference { param, target_type: type_id, target_id: id.into_owned() });
                }
                IndexValue::Reference(ReferenceValue::Url(text)) => out.push(url(param, text)),
                IndexValue::Reference(ReferenceValue::Logical { system, value }) => {
                    out.push(Value::Token { param, system: system.map(Cow::into_owned), code: value.into_owned() });
                }
                IndexValue::Date { low_us, high_us } => out.push(Value::Date { param, low: low_us, high: high_us }),
                IndexValue::String { text } => out.push(Value::Text { param, text: text.into_owned() }),
                IndexValue::Number { low, high } => out.push(Value::Number { param, low, high }),
                IndexValue::Quantity(quantity) => quantities(param, quantity, &mut out),
                IndexValue::TokenText { .. } | IndexValue::Present => out.push(Value::Present { param }),
            }
        });
        out
    }
}

fn url(param: u16, text: Cow<'_, str>) -> Value {
    Value::Token { param, system: Some(URL_SYSTEM.to_owned()), code: text.into_owned() }
}

/// The token of a unit that is not UCUM.
pub(crate) fn coded_unit(system: &str, code: &str) -> String {
    format!("{system}|{code}")
}

/// A quantity is found by its number alone, by its canonical unit (or else its code), and by what is shown.
fn quantities(param: u16, quantity: QuantityValue<'_>, out: &mut Vec<Value>) {
    let QuantityValue { low, high, system, code, unit, canonical } = quantity;
    out.push(Value::Quantity { param, low, high, unit: None });
    match (canonical, &system, &code) {
        (Some(canonical), ..) => {
            let unit = Some(canonical.unit.to_string());
            out.push(Value::Quantity { param, low: canonical.low, high: canonical.high, unit });
        }
        (None, Some(system), Some(code)) => {
            out.push(Value::Quantity { param, low, high, unit: Some(coded_unit(system, code)) });
        }
        _ => {}
    }
    let unit = unit.filter(|unit| code.as_ref() != Some(unit));
    for shown in [&code, &unit].into_iter().flatten() {
        out.push(Value::Shown { param, low, high, unit: shown.to_string() });
    }
}

impl Shared {
    /// Checks a resource and makes it ready to be stored.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every issue found.
    pub(crate) fn prepare(&self, text: &str) -> Result<Content, Error> {
        let document = Document::parse(text.as_bytes()).map_err(|e| {
            Error::Invalid(vec![Issue {
                code: "structure".into(),
                place: String::new(),
                message: e.to_string(),
                offset: e.offset,
            }])
        })?;
        let resource = document.root();
        let issues = fhir::validate::validate(resource, &fhir::validate::Options::default());
        if fhir::validate::has_errors(&issues) {
            return Err(Error::Invalid(issues.into_iter().map(Issue::from).collect()));
        }
        let values = self.extraction.values(resource);
        if values.len() > VALUES_MAX {
            return Err(Error::Invalid(vec![Issue {
                code: "too-costly".into(),
                place: resource.get("resourceType").and_then(Node::as_str).unwrap_or_default().into_owned(),
                message: format!("has {} values to search by; {VALUES_MAX} are taken at most: split it", values.len()),
                offset: resource.span().start,
            }]));
        }
        let body = Body::new(resource, &Rewriter::new());
        let (dictionary, packed) = self.dictionaries.pack_body(&body)?;
        Ok(Content { body, dictionary, packed, values })
    }
}
