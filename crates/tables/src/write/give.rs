//! Values of items: constants, columns, calls, and what chooses among them.

use super::check;
use super::column::Column;
use super::evaluate::Known;
use super::machine::{Check, MCall, MGive, MJoined, MOut, Shape, ShapeKind};
use super::passed_over;
use crate::value::{Argument, Notes, Reason, Value, write_json};

/// Writes a value with its name; false, with nothing written, if there is none.
pub fn write_give(
    give: &MGive,
    columns: &[Column],
    row: usize,
    known: &dyn Known,
    out: &mut Vec<u8>,
    notes: &mut Notes,
) -> Result<bool, Reason> {
    let start = out.len();
    let written = match give {
        MGive::Absent | MGive::Text(_) | MGive::Argument(_) => Ok(false),
        MGive::Constant(text, plain) => write_text(plain, Some(text), out, notes),
        MGive::Column(column, plain) => write_text(plain, columns[*column].text(row), out, notes),
        MGive::Joined(joined) => write_text(&joined.out, put_together(joined, columns, row).as_deref(), out, notes),
        MGive::Shaped(column, shape) => write_shape(shape, &columns[*column], row, out, notes),
        MGive::Call(call) => with_value(call, columns, row, notes, &mut |mut value| {
            if let (Value::Reference { id, .. }, Some(MGive::Text(target))) = (&mut value, call.arguments.first()) {
                if !known.is_made(target, id) {
                    return Err(Reason {
                        code: "no-such-target",
                        message: format!("no resource is made for this reference to `{target}`"),
                    });
                }
                if let Some(met) = known.met(target, id) {
                    *id = met;
                }
            }
            out.extend_from_slice(call.head.as_bytes());
            write_json(&value, &call.slot, out)
        }),
        MGive::Case(selector, arms) => match columns[*selector].arm(row).and_then(|arm| arms.get(arm)) {
            Some(arm) => write_give(arm, columns, row, known, out, notes),
            None => Ok(false),
        },
        MGive::Coalesce(all) => {
            let mut first: Option<(&MGive, Reason)> = None;
            let mut written = false;
            let outer = notes.passed_over.take();
            for give in all {
                let (flags, unmapped) = (notes.flags.len(), std::mem::take(&mut notes.unmapped));
                let given = write_give(give, columns, row, known, out, notes);
                // What was noted of a value that is not taken goes with it, but for a code that no map knows: that is why.
                let keeps = match &given {
                    Ok(written) => *written,
                    Err(reason) => reason.code == "unmapped-code",
                };
                if keeps {
                    notes.unmapped.merge(unmapped);
                } else {
                    notes.flags.truncate(flags);
                    notes.unmapped = unmapped;
                }
                match given {
                    Ok(false) => {}
                    Ok(true) => {
                        written = true;
                        if let Some((failed, reason)) = first.take() {
                            let told = passed_over::told((failed, reason), give, columns, row);
                            notes.passed_over = told.or(notes.passed_over.take());
                        }
                        break;
                    }
                    // A later one may have a value: what failed before it is no failure.
                    Err(reason) => {
                        out.truncate(start);
                        notes.passed_over = None;
                        first.get_or_insert((give, reason));
                    }
                }
            }
            notes.passed_over = notes.passed_over.take().or(outer);
            match first {
                Some((_, reason)) if !written => Err(reason),
                _ => Ok(written),
            }
        }
    };
    if !matches!(written, Ok(true)) {
        out.truncate(start);
    }
    written
}

/// What a row has for a value, for people: the text that is put together, or the first column.
pub fn text_of(give: &MGive, leaves: &[usize], columns: &[Column], row: usize) -> Option<String> {
    match give {
        MGive::Joined(joined) => put_together(joined, columns, row),
        _ => leaves.iter().find_map(|leaf| columns[*leaf].text(row)).map(str::to_owned),
    }
}

/// The parts of a row, one behind the other.
fn put_together(joined: &MJoined, columns: &[Column], row: usize) -> Option<String> {
    let mut whole = String::new();
    for part in &joined.parts {
        let text = match part {
            MGive::Text(text) => Some(&**text),
            MGive::Argument(column) => columns[*column].text(row),
            _ => None,
        };
        match text {
            Some(text) => whole.push_str(text),
            None if joined.needs_all => return None,
            None => {}
        }
    }
    Some(whole)
}

fn write_text(plain: &MOut, text: Option<&str>, out: &mut Vec<u8>, notes: &mut Notes) -> Result<bool, Reason> {
    let Some(text) = text else { return Ok(false) };
    let value = plain.prepared.make(&mut [Argument::Text(Some(text))], notes)?;
    if value.is_absent() {
        return Ok(false);
    }
    out.extend_from_slice(plain.head.as_bytes());
    write_json(&value, &plain.slot, out)
}

/// Makes the value of a call and hands it on.
fn with_value(
    call: &MCall,
    columns: &[Column],
    row: usize,
    notes: &mut Notes,
    then: &mut dyn FnMut(Value<'_>) -> Result<bool, Reason>,
) -> Result<bool, Reason> {
    // Few arguments are the rule: they need no memory of their own.
    let value = match call.arguments.as_slice() {
        [a] => call.prepared.make(&mut [argument(a, columns, row, notes)], notes)?,
        [a, b] => {
            let mut both = [argument(a, columns, row, notes), argument(b, columns, row, notes)];
            call.prepared.make(&mut both, notes)?
        }
        [a, b, c] => {
            let mut all =
                [argument(a, columns, row, notes), argument(b, columns, row, notes), argument(c, columns, row, notes)];
            call.prepared.make(&mut all, notes)?
        }
        all => {
            let mut all: Vec<_> = all.iter().map(|give| argument(give, columns, row, notes)).collect();
            call.prepared.make(&mut all, notes)?
        }
    };
    if value.is_absent() { Ok(false) } else { then(value) }
}

fn argument<'a>(give: &'a MGive, columns: &'a [Column], row: usize, notes: &mut Notes) -> Argument<'a> {
    match give {
        MGive::Text(text) | MGive::Constant(text, _) => Argument::Text(Some(text)),
        MGive::Argument(column) | MGive::Column(column, _) => Argument::Text(columns[*column].text(row)),
        MGive::Absent | MGive::Joined(_) | MGive::Shaped(..) => Argument::Text(None),
        MGive::Call(call) => {
            let mut arguments: Vec<_> = call.arguments.iter().map(|give| argument(give, columns, row, notes)).collect();
            match call.prepared.make(&mut arguments, notes) {
                Ok(value) => Argument::Value(value),
                Err(reason) => Argument::Failed(reason),
            }
        }
        MGive::Case(selector, arms) => columns[*selector]
            .arm(row)
            .and_then(|arm| arms.get(arm))
            .map_or(Argument::Text(None), |arm| argument(arm, columns, row, notes)),
        MGive::Coalesce(all) => {
            let mut failed: Option<(&MGive, Reason)> = None;
            for give in all {
                match argument(give, columns, row, notes) {
                    Argument::Text(None) | Argument::Value(Value::Absent) => {}
                    Argument::Failed(reason) => {
                        failed.get_or_insert((give, reason));
                    }
                    there => {
                        let told = failed.take().and_then(|failed| passed_over::told(failed, give, columns, row));
                        notes.passed_over = told.or(notes.passed_over.take());
                        return there;
                    }
                }
            }
            failed.map_or(Argument::Text(None), |(_, reason)| Argument::Failed(reason))
        }
    }
}

/// Writes a list's entries with commas between, a struct as an object, or a text.
fn write_shape(
    shape: &Shape,
    column: &Column,
    row: usize,
    out: &mut Vec<u8>,
    notes: &mut Notes,
) -> Result<bool, Reason> {
    let start = out.len();
    out.extend_from_slice(shape.head.as_bytes());
    let written = match &shape.kind {
        ShapeKind::Text(plain) => match column.text(row) {
            None => Ok(false),
            Some(text) => {
                let (prepared, slot) = &**plain;
                let value = prepared.make(&mut [Argument::Text(Some(text))], notes)?;
                write_json(&value, slot, out)
            }
        },
        ShapeKind::List(entry) => write_list(entry, !shape.head.is_empty(), column, row, out, notes),
        ShapeKind::Object { fields, required, check } => match column.fields(row) {
            None => Ok(false),
            Some(columns) => {
                out.push(b'{');
                let first = out.len();
                let mut absent = None;
                for (order, (at, field)) in fields.iter().enumerate() {
                    let before = out.len();
                    if before > first {
                        out.push(b',');
                    }
                    if !write_shape(field, &columns[*at], row, out, notes)? {
                        out.truncate(before);
                        absent = absent.or_else(|| required.iter().find(|(needed, _)| *needed == order));
                    }
                }
                let any = out.len() > first;
                out.push(b'}');
                match (any, absent) {
                    (true, Some((_, name))) => Err(Reason {
                        code: "required-missing",
                        message: format!(
                            "`{name}` has no value in an entry of the list, and without it the entry cannot stand"
                        ),
                    }),
                    (true, None) => match check::object(*check, &out[first - 1..]) {
                        Some(reason) => Err(reason),
                        None => {
                            if matches!(check, Check::Period)
                                && let Some(end) = check::early_end(&out[first - 1..])
                            {
                                out.drain(first - 1 + end.start..first - 1 + end.end);
                                notes.flag("end-before-start");
                            }
                            Ok(true)
                        }
                    },
                    (false, _) => Ok(false),
                }
            }
        },
    };
    if !matches!(written, Ok(true)) {
        out.truncate(start);
    }
    written
}

/// A list in brackets of its own, or for the array that is being written.
fn write_list(
    entry: &Shape,
    brackets: bool,
    column: &Column,
    row: usize,
    out: &mut Vec<u8>,
    notes: &mut Notes,
) -> Result<bool, Reason> {
    if brackets {
        out.push(b'[');
    }
    let first = out.len();
    let (range, entries) = match column {
        Column::List { .. } => match column.list(row) {
            Some(list) => list,
            None => return Ok(false),
        },
        single => (row..row + 1, single),
    };
    for at in range {
        let before = out.len();
        if before > first {
            out.push(b',');
        }
        if !write_shape(entry, entries, at, out, notes)? {
            out.truncate(before);
        }
    }
    let any = out.len() > first;
    if brackets {
        out.push(b']');
    }
    Ok(any)
}
