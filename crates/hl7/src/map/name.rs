//! Names of persons: XPN, XCN, PPN, CNN, NDL to HumanName.

use super::context::{Context, Fill, extension, filled};
use super::parts::Parts;
use super::tables::name_use;
use crate::message::Field;
use fhir::json::Tree;

/// Which part of a data type holds what; 0 where it has none.
struct Layout {
    family: u16,
    given: u16,
    second: u16,
    suffix: u16,
    prefix: u16,
    degree: u16,
    kind: u16,
    representation: u16,
    range: u16,
    order: u16,
    start: u16,
    end: u16,
    professional: u16,
}

const XPN: Layout = Layout {
    family: 1,
    given: 2,
    second: 3,
    suffix: 4,
    prefix: 5,
    degree: 6,
    kind: 7,
    representation: 8,
    range: 10,
    order: 11,
    start: 12,
    end: 13,
    professional: 14,
};

/// XCN.7, the degree, is a qualification in the guide.
const XCN: Layout = Layout {
    family: 2,
    given: 3,
    second: 4,
    suffix: 5,
    prefix: 6,
    degree: 0,
    kind: 10,
    representation: 15,
    range: 17,
    order: 18,
    start: 19,
    end: 20,
    professional: 21,
};

impl<'m> Context<'m> {
    fn human_name(&self, parts: Parts<'m>, layout: &Layout) -> Option<Tree> {
        let text = |number: u16| if number == 0 { None } else { self.text(parts.first(number)) };
        let mut name = Tree::object();
        name.fill("use", text(layout.kind).and_then(|code| name_use(&code)));
        self.family(parts.nested(layout.family), &mut name);
        for (member, numbers) in [
            ("given", [layout.given, layout.second, 0]),
            ("prefix", [layout.prefix, 0, 0]),
            ("suffix", [layout.suffix, layout.degree, layout.professional]),
        ] {
            name.fill_all(member, numbers.into_iter().filter_map(text).map(Tree::from).collect());
        }
        let has_name = !name.members().is_empty();
        let period = self
            .period(parts.nested(layout.start), parts.nested(layout.end))
            .or_else(|| self.range_period(parts.nested(layout.range)));
        name.fill("period", period);
        if let Some(order) = text(layout.order).filter(|order| order == "F" || order == "G") {
            // F: family name first; G: given name first.
            let order = if order == "F" { "NL1" } else { "NL3" };
            let url = "http://hl7.org/fhir/StructureDefinition/humanname-assembly-order";
            name.push("extension", extension(url, "valueCode", order));
        }
        let representation = text(layout.representation).and_then(|code| match code.as_str() {
            "A" => Some("ABC"),
            "I" => Some("IDE"),
            "P" => Some("SYL"),
            _ => None,
        });
        if let Some(code) = representation {
            let url = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation";
            name.push("extension", extension(url, "valueCode", code));
        }
        if has_name { filled(name) } else { None }
    }

    /// FN: the family name as a whole, and its parts (own and partner's prefix and name) as extensions of it.
    fn family(&self, parts: Parts<'m>, name: &mut Tree) {
        const PARTS: [(u16, &str); 4] =
            [(2, "own-prefix"), (3, "own-name"), (4, "partner-prefix"), (5, "partner-name")];
        let named: Vec<(&str, String)> =
            PARTS.iter().filter_map(|(number, part)| Some((*part, self.text(parts.part(*number))?))).collect();
        let whole = self.text(parts.part(1)).or_else(|| {
            let texts: Vec<&str> = named.iter().map(|(_, text)| text.as_str()).collect();
            (!texts.is_empty()).then(|| texts.join(" "))
        });
        let Some(whole) = whole else { return };
        name.set("family", whole);
        if !named.is_empty() {
            let url = |part: &str| format!("http://hl7.org/fhir/StructureDefinition/humanname-{part}");
            let parts: Vec<Tree> =
                named.into_iter().map(|(part, text)| extension(&url(part), "valueString", text)).collect();
            name.set("_family", Tree::from([("extension", parts.into())]));
        }
    }

    /// XPN.
    pub(super) fn xpn(&self, parts: Parts<'m>) -> Option<Tree> {
        self.human_name(parts, &XPN)
    }

    /// XPN in every repetition; a name by which the person is called (XPN.15) is a nickname of its own.
    pub(super) fn xpns(&self, field: Field<'m>) -> Vec<Tree> {
        let mut names = Vec::new();
        for parts in super::parts::repeats(field) {
            names.extend(self.xpn(parts));
            if let Some(called) = self.text(parts.first(15)) {
                names.push(Tree::from([("use", "nickname".into()), ("given", vec![called.into()].into())]));
            }
        }
        names
    }

    /// The name in an XCN.
    pub(super) fn xcn_name(&self, parts: Parts<'m>) -> Option<Tree> {
        self.human_name(parts, &XCN)
    }

    /// A name as one line: in Chinese, Japanese and Korean script the family first, without spaces.
    pub(super) fn name_text(name: &Tree) -> Option<String> {
        let all = |member: &str| -> Vec<&str> {
            name.get(member).map_or(&[][..], Tree::items).iter().filter_map(Tree::as_str).collect()
        };
        let family = name.get("family").and_then(Tree::as_str);
        let given = all("given");
        if family.into_iter().chain(given.iter().copied()).any(is_east_asian) {
            return Some(family.into_iter().chain(given).collect());
        }
        let mut words = all("prefix");
        words.extend(given);
        words.extend(family);
        words.extend(all("suffix"));
        (!words.is_empty()).then(|| words.join(" "))
    }
}

fn is_east_asian(text: &str) -> bool {
    text.chars().any(|c| matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{20000}'..='\u{3ffff}'))
}
