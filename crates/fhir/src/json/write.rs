//! Writing nodes as compact text, with replacements.

use super::document::{Kind, Node};
use std::fmt::Write;

/// Appends `text` as a JSON string, quotes included.
pub fn escape_into(out: &mut String, text: &str) {
    out.push('"');
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape: &str = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0..=0x1f => "",
            _ => continue,
        };
        out.push_str(&text[from..at]);
        if escape.is_empty() {
            // Writing to a `String` cannot fail.
            let _ = write!(out, "\\u{byte:04x}");
        } else {
            out.push_str(escape);
        }
        from = at + 1;
    }
    out.push_str(&text[from..]);
    out.push('"');
}

/// Writes nodes as compact JSON. Strings and numbers keep the characters they came with; white space between values goes.
#[derive(Default)]
pub struct Rewriter {
    replace: Vec<(u32, String)>,
}

impl Rewriter {
    /// A writer that changes nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes `json` in the place of `node`.
    pub fn replace(&mut self, node: Node<'_>, json: String) {
        let at = self.replace.partition_point(|(index, _)| *index < node.index());
        self.replace.insert(at, (node.index(), json));
    }

    /// Appends `node` to `out`.
    pub fn write(&self, node: Node<'_>, out: &mut String) {
        if !self.replace.is_empty()
            && let Ok(at) = self.replace.binary_search_by_key(&node.index(), |(index, _)| *index)
        {
            out.push_str(&self.replace[at].1);
            return;
        }
        match node.kind() {
            Kind::Object => {
                out.push('{');
                self.write_members(node, &[], out);
                out.push('}');
            }
            Kind::Array => {
                out.push('[');
                for (at, item) in node.items().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    self.write(item, out);
                }
                out.push(']');
            }
            _ => out.push_str(node.raw()),
        }
    }

    /// Appends an object's members without the braces, leaving out those named in `except`.
    pub fn write_members(&self, node: Node<'_>, except: &[&str], out: &mut String) {
        let mut first = true;
        for (name, value) in node.members() {
            if except.contains(&name) {
                continue;
            }
            if !first {
                out.push(',');
            }
            first = false;
            out.push('"');
            out.push_str(name);
            out.push_str("\":");
            self.write(value, out);
        }
    }
}
