//! Random code systems (with circles and several parents) and value sets, against a plain reading of the same.

use super::super::{Operation, Request, answer, expand};
use super::Shelf;
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

const SYSTEMS: usize = 2;
const CODES: usize = 6;
const VALUE_SETS: usize = 4;

/// A code system: parents of each code, the kinds that some have, and what is inactive.
#[derive(Clone, Debug)]
struct System {
    parents: Vec<(usize, usize)>,
    kinds: Vec<Option<u8>>,
    inactive: Vec<bool>,
}

#[derive(Clone, Debug)]
enum Filter {
    IsA(usize),
    DescendentOf(usize),
    IsNotA(usize),
    Generalizes(usize),
    In(Vec<usize>),
    NotIn(Vec<usize>),
    Kind(u8),
    KindIn(Vec<u8>),
    KindExists(bool),
    Form(usize),
    Parent(usize),
    Inactive(bool),
}

#[derive(Clone, Debug)]
enum Codes {
    Whole,
    Listed(Vec<usize>),
    Filtered(Vec<Filter>),
}

/// An include or exclude.
#[derive(Clone, Debug)]
struct Part {
    own: Option<(usize, Codes)>,
    /// Numbers of value sets; of these only later ones are taken, so that there is no circle.
    others: Vec<usize>,
}

#[derive(Clone, Debug)]
struct ValueSet {
    includes: Vec<Part>,
    excludes: Vec<Part>,
    only_active: bool,
}

#[derive(Clone, Debug)]
struct World {
    systems: Vec<System>,
    value_sets: Vec<ValueSet>,
}

fn system() -> impl Strategy<Value = System> {
    (
        vec((0..CODES, 0..CODES), 0..CODES * 2),
        vec(proptest::option::of(0..3u8), CODES),
        vec(proptest::bool::weighted(0.2), CODES),
    )
        .prop_map(|(parents, kinds, inactive)| System { parents, kinds, inactive })
}

fn filter() -> impl Strategy<Value = Filter> {
    prop_oneof![
        (0..CODES).prop_map(Filter::IsA),
        (0..CODES).prop_map(Filter::DescendentOf),
        (0..CODES).prop_map(Filter::IsNotA),
        (0..CODES).prop_map(Filter::Generalizes),
        vec(0..CODES + 1, 1..3).prop_map(Filter::In),
        vec(0..CODES + 1, 1..3).prop_map(Filter::NotIn),
        (0..3u8).prop_map(Filter::Kind),
        vec(0..3u8, 1..3).prop_map(Filter::KindIn),
        any::<bool>().prop_map(Filter::KindExists),
        (0..CODES).prop_map(Filter::Form),
        (0..CODES).prop_map(Filter::Parent),
        any::<bool>().prop_map(Filter::Inactive),
    ]
}

fn part() -> impl Strategy<Value = Part> {
    let codes = prop_oneof![
        Just(Codes::Whole),
        // The last is a code that the code system does not have.
        vec(0..CODES + 1, 1..4).prop_map(Codes::Listed),
        vec(filter(), 1..3).prop_map(Codes::Filtered),
    ];
    (proptest::option::weighted(0.8, (0..SYSTEMS, codes)), vec(0..VALUE_SETS, 0..2))
        .prop_map(|(own, others)| Part { own, others })
}

fn world() -> impl Strategy<Value = World> {
    let value_set = (vec(part(), 1..3), vec(part(), 0..2), proptest::bool::weighted(0.2))
        .prop_map(|(includes, excludes, only_active)| ValueSet { includes, excludes, only_active });
    (vec(system(), SYSTEMS), vec(value_set, VALUE_SETS)).prop_map(|(systems, value_sets)| World { systems, value_sets })
}

fn code(no: usize) -> String {
    format!("c{no}")
}

impl System {
    fn text(&self, no: usize) -> String {
        let concepts: Vec<String> = (0..CODES)
            .map(|at| {
                let mut properties: Vec<String> = Vec::new();
                for (_, parent) in self.parents.iter().filter(|(child, _)| *child == at) {
                    properties.push(format!(r#"{{"code":"parent","valueCode":"{}"}}"#, code(*parent)));
                }
                properties.extend(self.kinds[at].map(|kind| format!(r#"{{"code":"kind","valueCode":"k{kind}"}}"#)));
                if self.inactive[at] {
                    properties.push(r#"{"code":"inactive","valueBoolean":true}"#.to_owned());
                }
                format!(r#"{{"code":"{}","property":[{}]}}"#, code(at), properties.join(","))
            })
            .collect();
        format!(
            r#"{{"resourceType":"CodeSystem","url":"s{no}","content":"complete","property":[{{"code":"kind","type":"code"}}],"concept":[{}]}}"#,
            concepts.join(",")
        )
    }

    /// Whether `low` is `high`, or below it, for each pair.
    fn closure(&self) -> Vec<Vec<bool>> {
        let mut below = vec![vec![false; CODES]; CODES];
        for (at, row) in below.iter_mut().enumerate() {
            row[at] = true;
        }
        for &(child, parent) in &self.parents {
            below[child][parent] = true;
        }
        for between in 0..CODES {
            for low in 0..CODES {
                for high in 0..CODES {
                    below[low][high] |= below[low][between] && below[between][high];
                }
            }
        }
        below
    }

    fn passes(&self, filter: &Filter, at: usize) -> bool {
        let below = self.closure();
        match filter {
            Filter::IsA(high) => below[at][*high],
            Filter::DescendentOf(high) => at != *high && below[at][*high],
            Filter::IsNotA(high) => !below[at][*high],
            Filter::Generalizes(low) => below[*low][at],
            Filter::In(codes) => codes.contains(&at),
            Filter::NotIn(codes) => !codes.contains(&at),
            Filter::Kind(kind) => self.kinds[at] == Some(*kind),
            Filter::KindIn(kinds) => self.kinds[at].is_some_and(|kind| kinds.contains(&kind)),
            Filter::KindExists(wanted) => self.kinds[at].is_some() == *wanted,
            Filter::Form(no) => at == *no,
            Filter::Parent(high) => self.parents.contains(&(at, *high)),
            Filter::Inactive(wanted) => self.inactive[at] == *wanted,
        }
    }
}

impl Filter {
    fn text(&self) -> String {
        let list = |codes: &[usize]| codes.iter().map(|no| code(*no)).collect::<Vec<_>>().join(", ");
        let (property, op, value) = match self {
            Filter::IsA(no) => ("concept", "is-a", code(*no)),
            Filter::DescendentOf(no) => ("concept", "descendent-of", code(*no)),
            Filter::IsNotA(no) => ("concept", "is-not-a", code(*no)),
            Filter::Generalizes(no) => ("concept", "generalizes", code(*no)),
            Filter::In(codes) => ("code", "in", list(codes)),
            Filter::NotIn(codes) => ("code", "not-in", list(codes)),
            Filter::Kind(kind) => ("kind", "=", format!("k{kind}")),
            Filter::KindIn(kinds) => {
                ("kind", "in", kinds.iter().map(|kind| format!("k{kind}")).collect::<Vec<_>>().join(","))
            }
            Filter::KindExists(wanted) => ("kind", "exists", wanted.to_string()),
            Filter::Form(no) => ("code", "regex", format!("[a-c]{no}|x")),
            Filter::Parent(no) => ("parent", "=", code(*no)),
            Filter::Inactive(wanted) => ("inactive", "=", wanted.to_string()),
        };
        format!(r#"{{"property":"{property}","op":"{op}","value":"{value}"}}"#)
    }
}

impl Part {
    fn later(&self, no: usize) -> Vec<usize> {
        self.others.iter().copied().filter(|other| *other > no).collect()
    }

    /// Whether it names anything.
    fn is_something(&self, no: usize) -> bool {
        self.own.is_some() || !self.later(no).is_empty()
    }

    fn text(&self, no: usize) -> String {
        let mut parts = Vec::new();
        if let Some((system, codes)) = &self.own {
            parts.push(format!(r#""system":"s{system}""#));
            match codes {
                Codes::Whole => {}
                Codes::Listed(listed) => {
                    let listed: Vec<String> =
                        listed.iter().map(|no| format!(r#"{{"code":"{}"}}"#, code(*no))).collect();
                    parts.push(format!(r#""concept":[{}]"#, listed.join(",")));
                }
                Codes::Filtered(filters) => {
                    let filters: Vec<String> = filters.iter().map(Filter::text).collect();
                    parts.push(format!(r#""filter":[{}]"#, filters.join(",")));
                }
            }
        }
        let others: Vec<String> = self.later(no).iter().map(|other| format!("\"v{other}\"")).collect();
        if !others.is_empty() {
            parts.push(format!(r#""valueSet":[{}]"#, others.join(",")));
        }
        format!("{{{}}}", parts.join(","))
    }
}

impl World {
    fn texts(&self) -> BTreeMap<String, String> {
        let mut out = BTreeMap::new();
        for (no, system) in self.systems.iter().enumerate() {
            out.insert(format!("s{no}"), system.text(no));
        }
        for (no, value_set) in self.value_sets.iter().enumerate() {
            let parts = |parts: &[Part]| {
                let parts = parts.iter().filter(|part| part.is_something(no)).map(|part| part.text(no));
                parts.collect::<Vec<_>>().join(",")
            };
            let mut text = format!(
                r#"{{"resourceType":"ValueSet","url":"v{no}","compose":{{"include":[{}]"#,
                parts(&value_set.includes)
            );
            if value_set.only_active {
                text.push_str(r#","inactive":false"#);
            }
            let _ = write!(text, r#","exclude":[{}]}}}}"#, parts(&value_set.excludes));
            out.insert(format!("v{no}"), text);
        }
        out
    }

    /// Whether a code is in a value set, by what R4 says and nothing clever.
    fn has(&self, no: usize, (system, at): (usize, usize)) -> bool {
        let is_in = |part: &Part| {
            let own = match &part.own {
                None => true,
                Some((of, _)) if *of != system => false,
                Some((_, Codes::Whole)) => at < CODES,
                Some((_, Codes::Listed(listed))) => listed.contains(&at),
                Some((_, Codes::Filtered(filters))) => {
                    at < CODES && filters.iter().all(|filter| self.systems[system].passes(filter, at))
                }
            };
            part.is_something(no) && own && part.later(no).iter().all(|other| self.has(*other, (system, at)))
        };
        let value_set = &self.value_sets[no];
        let is_active = at >= CODES || !self.systems[system].inactive[at];
        value_set.includes.iter().any(is_in)
            && !value_set.excludes.iter().any(is_in)
            && (is_active || !value_set.only_active)
    }
}

/// The codes of an expansion in order.
fn expanded(shelf: &Shelf<'_>, query: &[(&str, String)]) -> Vec<(String, String)> {
    let query: Vec<(String, String)> = query.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let told = answer(Operation::Expand, shelf, &Request { query: &query, ..Request::default() }).unwrap();
    let found: serde_json::Value = serde_json::from_str(&told).unwrap();
    let mut out = Vec::new();
    let mut open: Vec<&serde_json::Value> = vec![&found["expansion"]];
    while let Some(within) = open.pop() {
        for entry in within["contains"].as_array().into_iter().flatten() {
            let text = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
            out.push((text("system"), text("code")));
            open.push(entry);
        }
    }
    out
}

fn result(shelf: &Shelf<'_>, operation: Operation, query: &[(&str, &str)]) -> serde_json::Value {
    let query: Vec<(String, String)> =
        query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let told = answer(operation, shelf, &Request { query: &query, ..Request::default() }).unwrap();
    let mut parameters: serde_json::Value = serde_json::from_str(&told).unwrap();
    parameters["parameter"][0].take()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn an_expansion_is_what_a_plain_reading_of_the_value_set_says(world in world()) {
        let texts = world.texts();
        let shelf = Shelf(texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect());
        for no in 0..VALUE_SETS {
            let all = (0..SYSTEMS).flat_map(|system| (0..=CODES).map(move |at| (system, at)));
            let expected: BTreeSet<(String, String)> = all
                .filter(|one| world.has(no, *one))
                .map(|(system, at)| (format!("s{system}"), code(at)))
                .collect();
            let url = format!("v{no}");
            let list = expanded(&shelf, &[("url", url.clone())]);
            prop_assert_eq!(list.len(), expected.len());
            let found: BTreeSet<(String, String)> = list.iter().cloned().collect();
            prop_assert_eq!(&found, &expected, "{}: {:#?}", url, texts);
            prop_assert_eq!(&expand(&shelf, &url).unwrap(), &expected);
            let in_groups = expanded(&shelf, &[("url", url.clone()), ("excludeNested", "false".into())]);
            prop_assert_eq!(in_groups.len(), expected.len());
            prop_assert_eq!(in_groups.into_iter().collect::<BTreeSet<_>>(), expected.clone());
            let mut pages = Vec::new();
            for offset in (0..=list.len()).step_by(2) {
                pages.extend(expanded(&shelf, &[("url", url.clone()), ("offset", offset.to_string()), ("count", "2".into())]));
            }
            prop_assert_eq!(pages, list);
            for system in 0..SYSTEMS {
                for at in 0..=CODES {
                    let (system, code) = (format!("s{system}"), code(at));
                    let told = result(&shelf, Operation::ValidateInValueSet, &[("url", &url), ("system", &system), ("code", &code)]);
                    prop_assert_eq!(told["valueBoolean"].as_bool().unwrap(), expected.contains(&(system, code)));
                }
            }
        }
    }

    #[test]
    fn codes_subsume_what_the_closure_of_parents_says(world in world()) {
        let texts = world.texts();
        let shelf = Shelf(texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect());
        let below = world.systems[0].closure();
        for (a, b) in (0..CODES).flat_map(|a| (0..CODES).map(move |b| (a, b))) {
            let told = result(&shelf, Operation::Subsumes, &[("system", "s0"), ("codeA", &code(a)), ("codeB", &code(b))]);
            let expected = match (below[b][a], below[a][b]) {
                (true, true) => "equivalent",
                (true, false) => "subsumes",
                (false, true) => "subsumed-by",
                (false, false) => "not-subsumed",
            };
            prop_assert_eq!(told["valueCode"].as_str().unwrap(), expected, "{} {}", a, b);
        }
    }
}
