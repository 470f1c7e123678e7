//! Decodes the checked-in table. Its format is described in `tools/definitions/parameters.mjs`.

use super::{Parameter, ParameterKind, Parameters};
use crate::schema::{TypeId, r4};
use std::collections::HashMap;

const PARAMETERS: &str = include_str!("../../data/parameters.txt");
const NUMBERS: &str = include_str!("../../data/parameter-numbers.txt");
const URL: &str = "http://hl7.org/fhir/SearchParameter/";
/// The type under which the table has what holds for every resource.
const COMMON: &str = "Resource";

/// A line of the table.
#[derive(Clone, Copy)]
struct Line {
    /// The type that it stands under.
    owner: &'static str,
    code: &'static str,
    kind: ParameterKind,
    expression: &'static str,
    targets: &'static str,
    components: &'static str,
    url: &'static str,
}

/// Reads the table. It is made together with this code and checked by tests, so what cannot be read is a broken build.
pub(super) fn decode() -> Parameters {
    let schema = r4();
    let (numbers, count) = numbers();
    let mut lines: HashMap<&'static str, Vec<Line>> = HashMap::with_capacity(256);
    let mut owner = "";
    for line in PARAMETERS.lines() {
        match line.strip_prefix(' ') {
            Some(line) => lines.entry(owner).or_default().push(Line::read(owner, line)),
            None => owner = line,
        }
    }
    let common = lines.remove(COMMON).unwrap_or_default();
    let mut all = Vec::with_capacity(count);
    let mut types = HashMap::with_capacity(256);
    for resource_type in schema.resource_types() {
        let name = schema.name(resource_type);
        let mut own = lines.remove(name).unwrap_or_default();
        own.extend(&common);
        own.sort_unstable_by_key(|line| line.code);
        let from = all.len();
        all.extend(own.iter().map(|line| line.parameter(name, resource_type, numbers[&(name, line.code)])));
        types.insert(name, from..all.len());
    }
    let mut by_number = vec![None; count];
    for (at, parameter) in all.iter().enumerate() {
        by_number[usize::from(parameter.number) - 1] = Some(at as u16);
    }
    Parameters { all, types, by_number }
}

/// The number of each (type, code), and how many were given out: words behind the type names, counted through the file.
fn numbers() -> (HashMap<(&'static str, &'static str), u16>, usize) {
    let mut numbers = HashMap::with_capacity(4096);
    let mut count = 0;
    for line in NUMBERS.lines() {
        let mut words = line.split(' ');
        let resource_type = words.next().unwrap_or_default();
        for code in words {
            count += 1;
            numbers.insert((resource_type, code), count);
        }
    }
    (numbers, usize::from(count))
}

impl Line {
    /// `CODE KIND EXPRESSION TARGETS COMPONENTS URL`, separated by tabs.
    fn read(owner: &'static str, line: &'static str) -> Self {
        let mut words = line.split('\t');
        let mut word = || words.next().unwrap_or_default();
        let (code, kind, expression, targets, components, url) = (word(), word(), word(), word(), word(), word());
        let kind = match kind {
            "n" => ParameterKind::Number,
            "d" => ParameterKind::Date,
            "s" => ParameterKind::String,
            "t" => ParameterKind::Token,
            "r" => ParameterKind::Reference,
            "c" => ParameterKind::Composite,
            "q" => ParameterKind::Quantity,
            "u" => ParameterKind::Uri,
            _ => ParameterKind::Special,
        };
        Line { owner, code, kind, expression, targets, components, url }
    }

    fn parameter(&self, type_name: &str, resource_type: TypeId, number: u16) -> Parameter {
        let listed = |text: &'static str| if text == "-" { "" } else { text };
        let expression = match self.expression.strip_prefix(COMMON) {
            Some(path) if self.owner == COMMON => format!("{type_name}{path}").leak(),
            _ => self.expression,
        };
        let url = match self.url {
            "-" => format!("{URL}{type_name}-{}", self.code),
            url => format!("{URL}{url}"),
        };
        Parameter {
            number,
            resource_type,
            code: self.code,
            kind: self.kind,
            expression,
            targets: listed(self.targets).split('|').filter_map(|name| r4().type_id(name)).collect(),
            components: listed(self.components).split(';').filter_map(|c| c.split_once('=')).collect(),
            url: url.leak(),
        }
    }
}
