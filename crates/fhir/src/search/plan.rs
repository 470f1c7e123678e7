//! All parameters of one resource type as one tree of member names, so that a resource is walked once.

use super::convert::Reader;
use super::route::{self, Step};
use super::support;
use crate::parameters::{Parameter, parameters};
use crate::path::{CompileError, Program};
use crate::schema::{self, TypeId, TypeKind};

/// A parameter at a leaf.
#[derive(Clone, Copy, Debug)]
pub(super) struct Use {
    pub(super) parameter: &'static Parameter,
    /// Only references to this type: `where(resolve() is T)`.
    pub(super) refers_to: Option<TypeId>,
}

/// Parameters that read a value the same way.
#[derive(Debug)]
pub(super) struct Leaf {
    pub(super) reader: Reader,
    pub(super) uses: Vec<Use>,
}

/// A place in a resource: what is read there and where it goes on.
#[derive(Debug, Default)]
pub(super) struct Spot {
    pub(super) leaves: Vec<Leaf>,
    pub(super) members: Vec<(&'static str, Spot)>,
    /// Goes on from the same value if its member has the text.
    pub(super) guards: Vec<(&'static str, &'static str, Spot)>,
}

/// What is not a route: FHIRPath, with the parameters that want its result.
#[derive(Debug)]
pub(super) struct Computed {
    pub(super) program: Program,
    pub(super) uses: Vec<&'static Parameter>,
}

/// How the parameters of one type are extracted.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) root: Spot,
    pub(super) computed: Vec<Computed>,
}

impl Plan {
    /// # Errors
    /// The first expression that is neither a route nor FHIRPath, with its parameter. The published ones compile; a test
    /// holds that.
    pub(super) fn of(resource_type: TypeId) -> Result<Plan, (&'static Parameter, CompileError)> {
        let mut plan = Plan::default();
        let mut computed: Vec<(&'static str, Vec<&'static Parameter>)> = Vec::new();
        for parameter in parameters().of(schema::r4().name(resource_type)) {
            // The store itself knows id and time of writing.
            if !support::is_indexed(parameter) || matches!(parameter.code, "_id" | "_lastUpdated") {
                continue;
            }
            for alternative in route::alternatives(parameter.expression) {
                let planned = route::steps(alternative)
                    .is_some_and(|steps| plan.root.insert(resource_type, &steps, Use { parameter, refers_to: None }));
                if planned {
                    continue;
                }
                match computed.iter_mut().find(|(text, _)| *text == alternative) {
                    Some((_, uses)) => uses.push(parameter),
                    None => computed.push((alternative, vec![parameter])),
                }
            }
        }
        for (text, uses) in computed {
            let program = Program::compile(text, Some(resource_type)).map_err(|error| (uses[0], error))?;
            plan.computed.push(Computed { program, uses });
        }
        Ok(plan)
    }
}

impl Spot {
    /// The place under member `name`.
    pub(super) fn member(&self, name: &str) -> Option<&Spot> {
        self.members.iter().find(|(known, _)| *known == name).map(|(_, spot)| spot)
    }

    /// Adds a route from here, a value of type `of`. False (with nothing usable added) if the schema does not have it.
    fn insert(&mut self, of: TypeId, steps: &[Step<'static>], target: Use) -> bool {
        let schema = schema::r4();
        match *steps {
            [] => {
                let info = schema.info(of);
                self.leaf(Reader::of(target.parameter.kind, info.name, info.kind == TypeKind::Primitive), target);
                true
            }
            [Step::Member(name), ref after @ ..] => {
                let (ways, used) = route::ways(schema, of, name, after);
                let after = &steps[used..];
                let mut any = false;
                for way in ways {
                    any |= self.child(way.json_name).insert(way.type_id, after, target);
                }
                any
            }
            [Step::OfType(name), ref after @ ..] => {
                schema.type_id(name).is_some_and(|wanted| schema.is_a(of, wanted)) && self.insert(of, after, target)
            }
            [Step::Equals(member, text), ref after @ ..] => {
                if schema.element_by_name(of, member).is_none_or(|element| element.choice) {
                    return false;
                }
                let at = self.guards.iter().position(|(m, t, _)| (*m, *t) == (member, text)).unwrap_or_else(|| {
                    self.guards.push((member, text, Spot::default()));
                    self.guards.len() - 1
                });
                self.guards[at].2.insert(of, after, target)
            }
            [Step::RefersTo(name)] => match schema.resource_type(name) {
                Some(refers_to) => self.insert(of, &[], Use { refers_to: Some(refers_to), ..target }),
                None => false,
            },
            [Step::RefersTo(_), ..] => false,
        }
    }

    fn child(&mut self, name: &'static str) -> &mut Spot {
        let at = self.members.iter().position(|(known, _)| *known == name).unwrap_or_else(|| {
            self.members.push((name, Spot::default()));
            self.members.len() - 1
        });
        &mut self.members[at].1
    }

    fn leaf(&mut self, reader: Reader, target: Use) {
        let at = self.leaves.iter().position(|leaf| leaf.reader == reader).unwrap_or_else(|| {
            self.leaves.push(Leaf { reader, uses: Vec::new() });
            self.leaves.len() - 1
        });
        let uses = &mut self.leaves[at].uses;
        let same =
            |known: &Use| known.parameter.number == target.parameter.number && known.refers_to == target.refers_to;
        if !uses.iter().any(same) {
            uses.push(target);
        }
    }
}
