//! Narrative blocks: the markup of CDA to the XHTML that FHIR allows.
//!
//! Text is never lost but with what could run or load something (scripts, styles, frames, embedded objects). Elements that XHTML has no match
//! for leave their content. `ID`s become `id`s, so that references into the narrative go on to lead there.

use super::context::Context;
use super::element::El;
use roxmltree::Node;
use std::collections::HashSet;

/// Bytes of an image that is put into a narrative.
const IMAGE_BYTES: usize = 1 << 20;

/// Elements that go with all that is in them.
const DROPPED: [&str; 22] = [
    "applet", "audio", "base", "button", "embed", "form", "frame", "frameset", "head", "iframe", "input", "link",
    "math", "meta", "noscript", "object", "param", "script", "select", "style", "svg", "video",
];

/// Elements of XHTML that some senders write and FHIR allows, as they are.
const KEPT: [&str; 30] = [
    "abbr",
    "b",
    "big",
    "blockquote",
    "cite",
    "code",
    "dd",
    "div",
    "dl",
    "dt",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "kbd",
    "li",
    "ol",
    "p",
    "pre",
    "samp",
    "small",
    "span",
    "strong",
    "tt",
    "ul",
];

struct Writer<'c, 'd> {
    context: &'c Context<'d>,
    out: String,
    ids: HashSet<&'d str>,
    /// True if there is something to see.
    shows: bool,
}

impl<'d> Context<'d> {
    /// The `div` of a narrative; `None` if there is nothing to see in it.
    pub(super) fn narrative_div(&self, text: El<'d>) -> Option<String> {
        let mut writer = Writer {
            context: self,
            out: String::with_capacity(text.range().len() + 64),
            ids: HashSet::new(),
            shows: false,
        };
        writer.out.push_str("<div xmlns=\"http://www.w3.org/1999/xhtml\">");
        writer.children(text.0);
        writer.out.push_str("</div>");
        writer.shows.then_some(writer.out)
    }
}

impl<'d> Writer<'_, 'd> {
    fn children(&mut self, node: Node<'d, 'd>) {
        for child in node.children() {
            if child.is_text() {
                let text = child.text().unwrap_or_default();
                self.shows |= !text.trim().is_empty();
                escape(&mut self.out, text);
            } else if child.is_element() {
                self.element(child);
            }
        }
    }

    fn element(&mut self, node: Node<'d, 'd>) {
        let name = node.tag_name().name();
        let lower = name.to_ascii_lowercase();
        match lower.as_str() {
            "content" | "footnote" => self.content(node),
            "linkhtml" | "a" => self.link(node),
            "sub" | "sup" | "p" | "thead" | "tfoot" | "tbody" | "tr" => self.wrapped(node, &lower, &[]),
            "paragraph" => self.wrapped(node, "p", &[]),
            "br" => self.out.push_str("<br/>"),
            "hr" => self.out.push_str("<hr/>"),
            "footnoteref" => {
                let target = node.attribute("IDREF").and_then(id_of);
                self.anchor(node, target.map(|id| format!("#{id}")), "*");
            }
            "rendermultimedia" => self.media(node),
            "list" => self.list(node),
            "item" => self.wrapped(node, "li", &[]),
            "table" => self.wrapped(node, "table", &["border", "cellpadding", "cellspacing", "summary", "width"]),
            "caption" => {
                let in_table = node.parent_element().is_some_and(|parent| parent.tag_name().name() == "table");
                self.wrapped(node, if in_table { "caption" } else { "b" }, &[]);
            }
            "col" => {
                self.out.push_str("<col");
                self.attributes(node, &["span", "width"]);
                self.out.push_str("/>");
            }
            "colgroup" => self.wrapped(node, "colgroup", &["span", "width"]),
            "th" | "td" => self.wrapped(node, &lower, &["abbr", "axis", "headers", "scope", "rowspan", "colspan"]),
            "img" => self.dropped(node, "an image that lies elsewhere"),
            name if DROPPED.contains(&name) => self.dropped(node, "what could run or load something"),
            name if KEPT.contains(&name) => self.wrapped(node, &lower, &[]),
            _ => self.wrapped(node, "span", &[]),
        }
    }

    fn dropped(&mut self, node: Node<'d, 'd>, what: &str) {
        let name = node.tag_name().name();
        self.context.warn(El(node), format!("<{name}> was taken out of the narrative: {what} has no place in it"));
    }

    fn wrapped(&mut self, node: Node<'d, 'd>, name: &str, attributes: &[&str]) {
        self.out.push('<');
        self.out.push_str(name);
        self.attributes(node, attributes);
        self.out.push('>');
        self.children(node);
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
    }

    fn attributes(&mut self, node: Node<'d, 'd>, names: &[&str]) {
        self.id(node);
        for name in names {
            if let Some(value) = node.attribute(*name) {
                self.out.push(' ');
                self.out.push_str(name);
                self.out.push_str("=\"");
                escape(&mut self.out, value);
                self.out.push('"');
            }
        }
    }

    /// Its `id`, unless another of the block has it.
    fn id(&mut self, node: Node<'d, 'd>) {
        let id = node.attribute("ID").or_else(|| node.attribute("id")).and_then(id_of);
        if let Some(id) = id
            && self.ids.insert(id)
        {
            self.out.push_str(" id=\"");
            escape(&mut self.out, id);
            self.out.push('"');
        }
    }

    fn content(&mut self, node: Node<'d, 'd>) {
        let styles = node.attribute("styleCode").unwrap_or_default();
        let has = |style: &str| styles.split_whitespace().any(|other| other.eq_ignore_ascii_case(style));
        let mut css = Vec::new();
        for (style, rule) in [
            ("Bold", "font-weight: bold"),
            ("Italics", "font-style: italic"),
            ("Underline", "text-decoration: underline"),
            ("Emphasis", "font-style: italic"),
        ] {
            if has(style) {
                css.push(rule);
            }
        }
        if node.attribute("revised") == Some("delete") {
            css.push("text-decoration: line-through");
        }
        self.out.push_str("<span");
        self.id(node);
        if !css.is_empty() {
            self.out.push_str(" style=\"");
            self.out.push_str(&css.join("; "));
            self.out.push('"');
        }
        self.out.push('>');
        self.children(node);
        self.out.push_str("</span>");
    }

    fn link(&mut self, node: Node<'d, 'd>) {
        let target = node.attribute("href").map(str::trim).filter(|target| is_safe(target)).map(str::to_owned);
        if target.is_none() && node.attribute("href").is_some() {
            self.context.note(
                El(node),
                "a link was taken out of the narrative: only http, https, mailto and places in it are kept",
            );
        }
        self.anchor(node, target, "");
    }

    fn anchor(&mut self, node: Node<'d, 'd>, target: Option<String>, otherwise: &str) {
        let name = if target.is_some() { "a" } else { "span" };
        self.out.push('<');
        self.out.push_str(name);
        self.id(node);
        if let Some(target) = target {
            self.out.push_str(" href=\"");
            escape(&mut self.out, &target);
            self.out.push('"');
        }
        self.out.push('>');
        if node.has_children() {
            self.children(node);
        } else {
            escape(&mut self.out, otherwise);
        }
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
    }

    fn list(&mut self, node: Node<'d, 'd>) {
        // A list cannot hold its heading.
        let caption = node.children().find(|child| child.tag_name().name() == "caption");
        if let Some(caption) = caption {
            self.wrapped(caption, "p", &[]);
        }
        let name = if node.attribute("listType") == Some("ordered") { "ol" } else { "ul" };
        self.out.push('<');
        self.out.push_str(name);
        self.id(node);
        let styles = node.attribute("styleCode").unwrap_or_default();
        let style = styles.split_whitespace().find_map(|style| {
            Some(match style {
                "Arabic" => "decimal",
                "LittleRoman" => "lower-roman",
                "BigRoman" => "upper-roman",
                "LittleAlpha" => "lower-alpha",
                "BigAlpha" => "upper-alpha",
                "Disc" => "disc",
                "Circle" => "circle",
                "Square" => "square",
                _ => return None,
            })
        });
        if let Some(style) = style {
            self.out.push_str(" style=\"list-style-type: ");
            self.out.push_str(style);
            self.out.push('"');
        }
        self.out.push('>');
        for child in node.children().filter(|child| child.is_element() && Some(*child) != caption) {
            self.element(child);
        }
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
    }

    /// An image of the document stands in its place; of anything else, that it is there.
    fn media(&mut self, node: Node<'d, 'd>) {
        let context = self.context;
        if let Some(caption) = node.children().find(|child| child.tag_name().name() == "caption") {
            self.wrapped(caption, "p", &[]);
        }
        let names = node.attribute("referencedObject").unwrap_or_default();
        for name in names.split_whitespace() {
            let target = context.narrative(name);
            let value = target.and_then(|target| {
                let media = if target.name() == "observationMedia" {
                    target
                } else {
                    target.elements().find(|el| el.name() == "observationMedia")?
                };
                media.get("value")
            });
            let kind = value.and_then(|value| value.attr("mediaType")).unwrap_or_default();
            let data = value
                .filter(|value| value.attr("representation") == Some("B64"))
                .map(|value| value.raw_text().chars().filter(|c| !c.is_whitespace()).collect::<String>());
            let is_image = matches!(kind, "image/png" | "image/jpeg" | "image/gif");
            self.shows = true;
            match data.filter(|data| is_image && data.len() <= IMAGE_BYTES && fhir::primitive::is_base64(data)) {
                Some(data) if context.take_text(data.len()) => {
                    self.out.push_str("<img");
                    self.id(node);
                    self.out.push_str(" alt=\"");
                    escape(&mut self.out, name);
                    self.out.push_str("\" src=\"data:");
                    self.out.push_str(kind);
                    self.out.push_str(";base64,");
                    self.out.push_str(&data);
                    self.out.push_str("\"/>");
                }
                _ => {
                    self.out.push_str("<span>[");
                    escape(&mut self.out, if kind.is_empty() { "media" } else { kind });
                    self.out.push_str(": ");
                    escape(&mut self.out, name);
                    self.out.push_str("]</span>");
                }
            }
        }
    }
}

/// An id as XHTML allows it in FHIR: no white space.
fn id_of(text: &str) -> Option<&str> {
    let id = text.trim();
    (!id.is_empty() && !id.contains(char::is_whitespace)).then_some(id)
}

/// True if following a link shows a page, writes a letter, or stays in the narrative.
fn is_safe(target: &str) -> bool {
    let lower = target.to_ascii_lowercase();
    ["http://", "https://", "mailto:", "#"].iter().any(|start| lower.starts_with(start))
        && !target.chars().any(|c| c.is_whitespace() || c.is_control())
}

fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() && !matches!(c, '\n' | '\r' | '\t') => {}
            c => out.push(c),
        }
    }
}
