//! Code lists of required bindings.

use std::collections::HashMap;
use std::sync::LazyLock;

const CODE_LISTS: &str = include_str!("../../data/code-lists.txt");
const VALUE_SET: &str = "http://hl7.org/fhir/ValueSet/";

/// The codes of a value set that can be enumerated.
#[derive(Debug)]
pub struct CodeList {
    /// The value set's name: what follows `http://hl7.org/fhir/ValueSet/`.
    pub name: &'static str,
    systems: Vec<SystemCodes>,
}

#[derive(Debug)]
struct SystemCodes {
    system: &'static str,
    /// Sorted by bytes.
    codes: Vec<&'static str>,
}

impl CodeList {
    /// The value set's canonical address.
    pub fn url(&self) -> String {
        format!("{VALUE_SET}{}", self.name)
    }

    /// True if `code` is in the list, whatever its system: how an element of type `code` is checked.
    pub fn contains(&self, code: &str) -> bool {
        self.systems.iter().any(|s| s.codes.binary_search(&code).is_ok())
    }

    /// True if `code` of `system` is in the list.
    pub fn contains_coding(&self, system: &str, code: &str) -> bool {
        self.systems.iter().any(|s| s.system == system && s.codes.binary_search(&code).is_ok())
    }

    /// True if the list has codes of `system`.
    pub fn has_system(&self, system: &str) -> bool {
        self.systems.iter().any(|s| s.system == system)
    }

    /// Every (system, code).
    pub fn codings(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.systems.iter().flat_map(|s| s.codes.iter().map(move |code| (s.system, *code)))
    }
}

/// All lists by name, from lines `NAME SYSTEM CODE CODE …` separated by tabs.
pub(super) fn code_lists() -> &'static HashMap<&'static str, &'static CodeList> {
    static LISTS: LazyLock<HashMap<&'static str, &'static CodeList>> = LazyLock::new(read);
    &LISTS
}

fn read() -> HashMap<&'static str, &'static CodeList> {
    let mut lists: Vec<CodeList> = Vec::with_capacity(256);
    for line in CODE_LISTS.lines() {
        let mut words = line.split('\t');
        let (Some(name), Some(system)) = (words.next(), words.next()) else { continue };
        let codes = SystemCodes { system, codes: words.collect() };
        match lists.last_mut().filter(|list| list.name == name) {
            Some(list) => list.systems.push(codes),
            None => lists.push(CodeList { name, systems: vec![codes] }),
        }
    }
    let lists: &'static [CodeList] = lists.leak();
    lists.iter().map(|list| (list.name, list)).collect()
}
