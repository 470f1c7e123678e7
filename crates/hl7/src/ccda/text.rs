//! Text: ST and ED, in place or by reference into the narrative.

use super::context::Context;
use super::element::El;
use roxmltree::Node;

/// Text of one reference, at most.
const REFERENCE_BYTES: usize = 32 << 10;

/// Text trimmed, without control characters but line ends and tabs. `None` if nothing is left.
pub(super) fn clean(text: &str) -> Option<String> {
    let text: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t')).collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

impl<'d> Context<'d> {
    /// What a text element says: its own words, else those that it refers to.
    pub(super) fn text(&self, el: El<'d>) -> Option<String> {
        let own: String = el.0.children().filter(Node::is_text).filter_map(|node| node.text()).collect();
        let own = own.split_whitespace().collect::<Vec<_>>().join(" ");
        if !own.is_empty() && el.attr("representation") != Some("B64") {
            return clean(&own);
        }
        let reference = el.get("reference").and_then(|reference| reference.attr("value"))?;
        let Some(target) = self.narrative(reference) else {
            // A reference to elsewhere is no mistake.
            if !reference.contains("://") {
                self.note(el, format!("{reference:?} leads nowhere in the document"));
            }
            return None;
        };
        self.words(target)
    }

    /// The words of an element of a narrative: cells and lines apart.
    pub(super) fn words(&self, el: El<'d>) -> Option<String> {
        if !self.has_text_left() {
            return None;
        }
        let mut out = String::new();
        let mut cut = false;
        for node in el.0.descendants() {
            if out.len() > REFERENCE_BYTES {
                cut = true;
                break;
            }
            if node.is_text() {
                let text = node.text().unwrap_or_default();
                if text.starts_with(char::is_whitespace) && !out.ends_with(char::is_whitespace) {
                    out.push(' ');
                }
                for (at, word) in text.split_whitespace().enumerate() {
                    if out.len() > REFERENCE_BYTES {
                        break;
                    }
                    if at > 0 {
                        out.push(' ');
                    }
                    out.push_str(word);
                }
                if text.ends_with(char::is_whitespace) && !out.ends_with(char::is_whitespace) {
                    out.push(' ');
                }
            } else if node.is_element() && !out.is_empty() {
                match node.tag_name().name() {
                    "td" | "th" if !out.ends_with(char::is_whitespace) => out.push(' '),
                    "br" | "paragraph" | "tr" | "item" | "list" | "table" if !out.ends_with('\n') => {
                        out.truncate(out.trim_end().len());
                        out.push('\n');
                    }
                    _ => {}
                }
            }
        }
        if cut || out.len() > REFERENCE_BYTES {
            let mut end = REFERENCE_BYTES.min(out.len());
            while !out.is_char_boundary(end) {
                end -= 1;
            }
            out.truncate(end);
            self.note(el, "the text that is referred to is long; an element of an entry takes its beginning");
        }
        let text = clean(&out)?;
        if !self.take_text(text.len()) {
            self.note(self.root, "entries refer to more text than is copied; the rest stays in the sections");
            return None;
        }
        Some(text)
    }

    /// The text of a statement, from its `text`.
    pub(super) fn statement_text(&self, el: El<'d>) -> Option<String> {
        el.get("text").and_then(|text| self.text(text))
    }

    /// The words of a code that has none: `originalText`, else the text of the statement.
    pub(super) fn words_of(&self, el: El<'d>, code: Option<El<'d>>) -> Option<String> {
        code.and_then(|code| code.get("originalText"))
            .and_then(|text| self.text(text))
            .or_else(|| self.statement_text(el))
    }
}
