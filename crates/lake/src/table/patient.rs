//! Whose a resource is: the patient that its rows are filed under.

use crate::error::Error;
use fhir::json::Node;
use fhir::parameters::parameters;
use fhir::path::{Environment, Item, Program};
use fhir::reference::Reference;
use fhir::schema::{TypeId, r4};
use std::collections::HashMap;

/// The expressions by which resources of each type belong to a patient, in the order of the patient compartment.
#[derive(Debug)]
pub(crate) struct Patients {
    patient: Option<TypeId>,
    programs: HashMap<TypeId, Vec<Program>>,
}

impl Patients {
    pub(crate) fn new() -> Result<Patients, Error> {
        let mut programs = HashMap::new();
        for type_id in r4().resource_types() {
            let name = r4().name(type_id);
            let mut found = Vec::new();
            for parameter in fhir::compartment::patient(name).iter().filter_map(|code| parameters().find(name, code)) {
                let program = Program::compile(parameter.expression, Some(type_id)).map_err(|error| Error::View {
                    table: name.to_owned(),
                    what: format!("{}: {error}", parameter.expression),
                })?;
                found.push(program);
            }
            programs.insert(type_id, found);
        }
        Ok(Patients { patient: r4().type_id("Patient"), programs })
    }

    /// The id of the patient that a resource is about: its own for a patient, else the first that a compartment expression
    /// names. A reference to another server names none: an id there may be somebody else's here. An expression that fails names
    /// none.
    pub(crate) fn of(&self, type_id: TypeId, id: &str, resource: Node<'_>) -> Option<String> {
        if Some(type_id) == self.patient {
            return Some(id.to_owned());
        }
        let item = Item::resource(resource)?;
        let mut env = Environment::new();
        env.resource = Some(item.clone());
        for program in self.programs.get(&type_id)? {
            for found in program.evaluate(item.clone(), &env).unwrap_or_default() {
                let text = found.node().and_then(|node| node.node.get("reference")).and_then(fhir::json::Node::as_str);
                if let Some(text) = text
                    && let reference @ Reference::Local { .. } = Reference::parse(&text)
                    && reference.resource_type() == Some("Patient")
                    && let Some(id) = reference.id()
                {
                    return Some(id.to_owned());
                }
            }
        }
        None
    }
}
