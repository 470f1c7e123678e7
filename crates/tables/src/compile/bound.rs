//! Which codes the values of a code map can become: those of the value sets that its elements are bound to.

use super::program::{Alternative, Give, Object, Program};
use crate::value::Function;
use fhir::schema::CodeList;

/// What the elements that a code map fills ask of its codes.
#[derive(Clone, Debug, Default)]
pub struct MapUse {
    /// The elements, as in `Condition.verificationStatus`.
    pub elements: Vec<String>,
    /// The value sets that some of them are bound to; none if all of them take any code.
    pub lists: Vec<&'static CodeList>,
}

impl MapUse {
    /// The codes of the value sets, each with its system.
    pub fn codes(&self) -> impl Iterator<Item = (&'static str, &'static str)> + '_ {
        self.lists.iter().flat_map(|list| list.codings())
    }

    /// True if the elements take a code, as far as their value sets say.
    pub fn takes(&self, code: &str) -> bool {
        self.lists.is_empty() || self.lists.iter().any(|list| list.contains(code))
    }
}

impl Program {
    /// Where a code map is used.
    pub fn use_of(&self, map: &str) -> MapUse {
        let mut found = MapUse::default();
        for target in &self.targets {
            let mut gives = Vec::new();
            of_object(&target.root, &mut gives);
            for (info, give) in gives {
                let mut calls = Vec::new();
                give.calls(&mut calls);
                for call in calls {
                    let of_map = call.arguments.first().and_then(Give::literal);
                    if call.function != Function::Code || of_map != Some(map) {
                        continue;
                    }
                    let path = target.elements.get(info as usize).map_or("", |element| element.path.as_str());
                    let element = format!("{}.{path}", target.resource_type);
                    if !found.elements.contains(&element) {
                        found.elements.push(element);
                    }
                    let list = call.typed.slot.and_then(|slot| slot.binding());
                    if let Some(list) = list.filter(|list| found.lists.iter().all(|known| known.name != list.name)) {
                        found.lists.push(list);
                    }
                }
            }
        }
        found
    }
}

fn of_object<'o>(object: &'o Object, gives: &mut Vec<(u32, &'o Give)>) {
    let alternatives = object.members.iter().flat_map(|member| &member.slots).flat_map(|entry| &entry.alternatives);
    for Alternative { items, object, .. } in alternatives {
        gives.extend(items.iter().map(|item| (item.info, &item.give)));
        if let Some(object) = object {
            of_object(object, gives);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::compile::compile;
    use crate::mapping::Mapping;

    #[test]
    fn a_map_takes_the_codes_of_the_value_sets_that_its_elements_are_bound_to() {
        let mapping = Mapping::parse(&[
            ("mapping.toml", "name = \"m\"\nversion = \"1\"\nzone = \"UTC\"\n[tables.d]\nkey = [\"no\"]\n"),
            (
                "condition.sql",
                "-- @target Condition @key d.no\nSELECT code('sure', d.sure) AS \"verificationStatus\", code('icd', d.icd) AS code,\n\
                 ref('Patient', d.no) AS subject FROM d\n",
            ),
            ("patient.sql", "-- @target Patient @key d.no\nSELECT coalesce(code('sex', d.sex), 'unknown') AS gender FROM d\n"),
            ("codes/sure.csv", "source,system,code\ng,http://terminology.hl7.org/CodeSystem/condition-ver-status,confirmed\n"),
            ("codes/sex.csv", "source,system,code\nf,http://hl7.org/fhir/administrative-gender,female\n"),
            ("codes/icd.csv", "source,system,code\nx,urn:x,y\n"),
        ])
        .unwrap();
        let program = compile(&mapping).unwrap();
        let sure = program.use_of("sure");
        assert_eq!(sure.elements, ["Condition.verificationStatus"]);
        assert_eq!(sure.lists.iter().map(|list| list.name).collect::<Vec<_>>(), ["condition-ver-status"]);
        assert!(sure.takes("provisional") && !sure.takes("N"));
        assert!(program.use_of("sex").codes().any(|(_, code)| code == "female"));
        let icd = program.use_of("icd");
        assert_eq!(icd.elements, ["Condition.code"]);
        assert!(icd.lists.is_empty() && icd.takes("anything"));
        assert!(program.use_of("other").elements.is_empty());
    }
}
