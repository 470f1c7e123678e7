//! The systems that `code` elements have without saying so.

use super::compare::{SystemMatch, TokenMatch};
use super::route::{self, Step};
use crate::parameters::Parameter;
use crate::schema::{self, CodeList, Schema, TypeId, TypeKind};

/// The system of `true` and `false`.
const SPECIAL_VALUES: &str = "http://terminology.hl7.org/CodeSystem/special-values";

/// What the values of a token parameter are, as far as their systems go.
#[derive(Debug, Default)]
pub(super) struct Implied {
    lists: Vec<&'static CodeList>,
    /// Some values are `code` elements whose value set is not a list that is known here.
    open: bool,
    /// Some values are boolean.
    boolean: bool,
    /// Some values carry a system of their own.
    explicit: bool,
}

/// What the schema says about the values of `parameter`.
pub(super) fn systems(parameter: &'static Parameter) -> Implied {
    let schema = schema::r4();
    let mut implied = Implied::default();
    for alternative in route::alternatives(parameter.expression) {
        match route::steps(alternative) {
            Some(steps) => implied.follow(schema, parameter.resource_type, &steps),
            // What is computed is a boolean.
            None => implied.boolean = true,
        }
    }
    implied
}

impl Implied {
    fn follow(&mut self, schema: &'static Schema, of: TypeId, steps: &[Step<'static>]) {
        match *steps {
            [Step::Member(name), ref after @ ..] => {
                let (ways, used) = route::ways(schema, of, name, after);
                for way in ways {
                    if steps[used..].iter().any(|step| matches!(step, Step::Member(_))) {
                        self.follow(schema, way.type_id, &steps[used..]);
                        continue;
                    }
                    let info = schema.info(way.type_id);
                    match (info.name, way.element.binding) {
                        ("code", Some(list)) => self.lists.push(list),
                        ("code", None) => self.open = true,
                        ("boolean", _) => self.boolean = true,
                        _ => self.explicit |= info.kind != TypeKind::Primitive,
                    }
                }
            }
            [_, ref after @ ..] => self.follow(schema, of, after),
            [] => {}
        }
    }

    /// The tokens to look for: one that names the implied system stands for the code without a system, as the index has it.
    pub(super) fn rewrite(&self, token: TokenMatch) -> Vec<TokenMatch> {
        let SystemMatch::Is(system) = &token.system else { return vec![token] };
        let implied = self.open
            || self.lists.iter().any(|list| list.has_system(system))
            || (self.boolean && system == SPECIAL_VALUES);
        if !implied {
            return vec![token];
        }
        let bare = TokenMatch { system: SystemMatch::Absent, code: token.code.clone() };
        if self.explicit { vec![bare, token] } else { vec![bare] }
    }
}
