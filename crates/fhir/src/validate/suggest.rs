//! What an unknown name may have been meant to be.

use crate::schema::{Schema, TypeId};

/// Names of a longer text are not compared.
const NAME_BYTES_MAX: usize = 48;

/// A sentence for the message about an unknown name; empty if there is nothing to say.
pub(super) fn instead_of(schema: &Schema, type_id: TypeId, name: &str) -> String {
    if let Some(element) = schema.element_by_name(type_id, name).filter(|element| element.choice) {
        let names = element.types.iter().filter_map(|type_id_| schema.json_name(type_id, element, *type_id_));
        let names: Vec<_> = names.take(4).map(|name| format!("`{name}`")).collect();
        let more = if element.types.len() > names.len() { " or another of its types" } else { "" };
        return format!("; its name carries the type: {}{more}", names.join(", "));
    }
    if name.len() > NAME_BYTES_MAX {
        return String::new();
    }
    let info = schema.info(type_id);
    let names = info.elements.iter().flat_map(|element| {
        element.types.iter().filter_map(move |type_id_| schema.json_name(type_id, element, *type_id_))
    });
    let nearest = names.map(|known| (distance(name, known), known)).min();
    match nearest {
        Some((0..=2, known)) if known.len() > 3 => format!("; did you mean `{known}`?"),
        _ => String::new(),
    }
}

/// How many letters must be put in, taken out or changed, whatever their case.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let change = diagonal + usize::from(!x.eq_ignore_ascii_case(&y));
            diagonal = row[j + 1];
            row[j + 1] = change.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
