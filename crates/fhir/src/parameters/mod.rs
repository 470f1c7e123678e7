//! The search parameters of FHIR R4, one for each (resource type, code).
//!
//! An expression that several types share (`AllergyIntolerance.code | Condition.code | …`) is cut to the one type's part, and
//! what is defined for every resource (`_id`, `_lastUpdated`, `_profile`, `_security`, `_source`, `_tag`) is there for each type.
//!
//! ```
//! let code = fhir::parameters::parameters().find("Observation", "code").unwrap();
//! assert_eq!(code.expression, "Observation.code");
//! ```

mod table;
#[cfg(test)]
mod tests;

use crate::schema::TypeId;
use std::collections::HashMap;
use std::sync::LazyLock;

/// How a parameter's values are compared.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ParameterKind {
    /// A number with the precision of its digits.
    Number,
    /// A date or period, compared as a range.
    Date,
    /// Text, compared by its beginning, without case and accents.
    String,
    /// A code with its system, an identifier, a boolean.
    Token,
    /// A reference or canonical address of another resource.
    Reference,
    /// Several values of one element at once.
    Composite,
    /// A number with its unit.
    Quantity,
    /// An address, compared as it stands.
    Uri,
    /// Has rules of its own: `Location.near`.
    Special,
}

/// One search parameter of one resource type.
#[derive(Debug)]
pub struct Parameter {
    /// Stands for (type, code) in stored indexes. The same for ever: the generator only appends to the list of numbers.
    pub number: u16,
    /// The type that is searched.
    pub resource_type: TypeId,
    /// The name in a query.
    pub code: &'static str,
    /// How values are compared.
    pub kind: ParameterKind,
    /// FHIRPath from the resource to the values; of the published union only what starts at this type.
    pub expression: &'static str,
    /// The types that a reference may point to; empty = any.
    pub targets: Vec<TypeId>,
    /// Of a composite: each component's code and its FHIRPath from what [`Parameter::expression`] gives.
    pub components: Vec<(&'static str, &'static str)>,
    /// The canonical address.
    pub url: &'static str,
}

/// All search parameters.
#[derive(Debug)]
pub struct Parameters {
    /// By type, then by code.
    all: Vec<Parameter>,
    /// Where each type's are in `all`.
    types: HashMap<&'static str, std::ops::Range<usize>>,
    /// Position in `all` by number; index 0 is number 1.
    by_number: Vec<Option<u16>>,
}

/// The search parameters of R4, decoded once.
pub fn parameters() -> &'static Parameters {
    static PARAMETERS: LazyLock<Parameters> = LazyLock::new(table::decode);
    &PARAMETERS
}

impl Parameters {
    /// The parameters of a type, by code; empty for what is no concrete resource type.
    pub fn of(&self, resource_type: &str) -> &[Parameter] {
        self.types.get(resource_type).map_or(&[], |range| &self.all[range.clone()])
    }

    /// The parameter of this code.
    pub fn find(&self, resource_type: &str, code: &str) -> Option<&Parameter> {
        let all = self.of(resource_type);
        all.binary_search_by(|p| p.code.cmp(code)).ok().map(|at| &all[at])
    }

    /// The parameter of this number.
    pub fn by_number(&self, number: u16) -> Option<&Parameter> {
        let at = self.by_number.get(usize::from(number).checked_sub(1)?)?.as_ref()?;
        Some(&self.all[usize::from(*at)])
    }

    /// Every parameter, by type and code.
    pub fn iter(&self) -> std::slice::Iter<'_, Parameter> {
        self.all.iter()
    }
}

impl<'p> IntoIterator for &'p Parameters {
    type Item = &'p Parameter;
    type IntoIter = std::slice::Iter<'p, Parameter>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
