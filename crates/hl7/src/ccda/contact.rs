//! Names, addresses and telecommunication: EN, AD, TEL to HumanName, Address, ContactPoint.

use super::context::Context;
use super::element::El;
use super::text::clean;
use crate::map::context::{Fill, extension, filled};
use fhir::json::Tree;

/// Words of an attribute that may hold several.
fn words(el: El<'_>, name: &str) -> Vec<String> {
    el.attr(name).map(|text| text.split_whitespace().map(str::to_owned).collect()).unwrap_or_default()
}

impl<'d> Context<'d> {
    /// A name of a person; one by which the person is called is a nickname of its own.
    pub(super) fn names(&self, el: El<'d>) -> Vec<Tree> {
        if el.null().is_some() && el.0.children().all(|node| !node.is_element()) {
            return Vec::new();
        }
        let kind = words(el, "use").into_iter().find_map(|code| {
            Some(match code.as_str() {
                "L" | "C" => "official",
                "P" | "A" | "ASGN" => "nickname",
                "PHON" | "SRCH" | "SNDX" => return None,
                "OR" => "official",
                "M" => "maiden",
                _ => return None,
            })
        });
        let part = |name: &'static str| {
            el.all(name).filter_map(|part| Some((part, part.plain()?))).collect::<Vec<(El<'d>, String)>>()
        };
        let is = |part: El<'d>, qualifier: &str| words(part, "qualifier").iter().any(|code| code == qualifier);
        let mut name = Tree::object();
        let mut others = Vec::new();
        let (born, family): (Vec<_>, Vec<_>) = part("family").into_iter().partition(|(part, _)| is(*part, "BR"));
        let family = family.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(" ");
        let is_maiden = family.is_empty() && !born.is_empty();
        let born = born.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(" ");
        if is_maiden {
            name.set("family", born.as_str());
        } else if !family.is_empty() {
            name.set("family", family);
        }
        for (given, text) in part("given") {
            if is(given, "CL") {
                others.push(Tree::from([("use", "nickname".into()), ("given", vec![text.into()].into())]));
            } else {
                name.push("given", text);
            }
        }
        for (member, parts) in [("prefix", part("prefix")), ("suffix", part("suffix"))] {
            name.fill_all(member, parts.into_iter().map(|(_, text)| text.into()).collect());
        }
        if !is_maiden && !born.is_empty() {
            let mut maiden = Tree::from([("use", "maiden".into()), ("family", born.into())]);
            maiden.fill("given", name.get("given").cloned());
            others.push(maiden);
        }
        if name.members().is_empty() {
            // A name that was not taken apart.
            name.fill("text", el.plain());
        }
        if name.members().is_empty() {
            return others;
        }
        name.fill("use", if is_maiden { Some("maiden") } else { kind });
        name.fill("period", el.get("validTime").and_then(|time| self.period(time)));
        let mut all = vec![name];
        all.append(&mut others);
        all
    }

    /// A name as one line.
    pub(super) fn name_line(name: &Tree) -> Option<String> {
        let all = |member: &str| -> Vec<&str> {
            name.get(member).map_or(&[][..], Tree::items).iter().filter_map(Tree::as_str).collect()
        };
        if let Some(text) = name.get("text").and_then(Tree::as_str) {
            return Some(text.to_owned());
        }
        let mut words = all("prefix");
        words.extend(all("given"));
        words.extend(name.get("family").and_then(Tree::as_str));
        words.extend(all("suffix"));
        (!words.is_empty()).then(|| words.join(" "))
    }

    /// An address.
    pub(super) fn address(&self, el: El<'d>) -> Option<Tree> {
        let mut address = Tree::object();
        let codes = words(el, "use");
        let kind = codes.iter().find_map(|code| match code.as_str() {
            "H" | "HP" | "HV" => Some("home"),
            "WP" | "DIR" | "PUB" => Some("work"),
            "TMP" => Some("temp"),
            "BAD" => Some("old"),
            _ => None,
        });
        let form = codes.iter().find_map(|code| match code.as_str() {
            "PST" => Some("postal"),
            "PHYS" => Some("physical"),
            _ => None,
        });
        let part = |name: &'static str| el.all(name).find_map(El::plain);
        let mut lines: Vec<Tree> = el.all("streetAddressLine").filter_map(El::plain).map(Tree::from).collect();
        let street = ["houseNumber", "streetNameType", "streetName", "unitType", "unitID"].into_iter().filter_map(part);
        let street = street.collect::<Vec<_>>().join(" ");
        if !street.is_empty() {
            lines.push(street.into());
        }
        lines.extend(
            ["additionalLocator", "deliveryAddressLine", "postBox", "careOf"]
                .into_iter()
                .filter_map(part)
                .map(Tree::from),
        );
        address.fill_all("line", lines);
        for (member, name) in [
            ("city", "city"),
            ("district", "county"),
            ("state", "state"),
            ("postalCode", "postalCode"),
            ("country", "country"),
        ] {
            address.fill(member, part(name));
        }
        if address.members().is_empty() {
            let text: String =
                el.0.children().filter(roxmltree::Node::is_text).filter_map(|node| node.text()).collect();
            address.fill("text", clean(&text.split_whitespace().collect::<Vec<_>>().join(" ")));
        }
        let is_there = !address.members().is_empty();
        address.fill("use", kind);
        address.fill("type", form);
        address.fill("period", el.get("useablePeriod").and_then(|time| self.period(time)));
        if is_there { filled(address) } else { None }
    }

    /// All addresses of an element.
    pub(super) fn addresses(&self, el: El<'d>) -> Vec<(Tree, El<'d>)> {
        el.all("addr").filter_map(|addr| Some((self.address(addr)?, addr))).collect()
    }

    /// A number or address of telecommunication.
    pub(super) fn telecom(&self, el: El<'d>) -> Option<Tree> {
        let text = clean(el.attr("value")?)?;
        let (scheme, rest) = match text.split_once(':') {
            Some((scheme, rest)) if scheme.bytes().all(|b| b.is_ascii_alphabetic()) => {
                (scheme.to_ascii_lowercase(), rest.trim().trim_start_matches("//").to_owned())
            }
            _ => (String::new(), text.clone()),
        };
        if rest.is_empty() {
            return None;
        }
        let codes = words(el, "use");
        let has = |code: &str| codes.iter().any(|other| other == code);
        let (system, value) = match scheme.as_str() {
            "tel" if has("PG") => ("pager", rest),
            "tel" => ("phone", rest),
            "fax" | "x-text-fax" => ("fax", rest),
            "mailto" => ("email", rest),
            "sms" => ("sms", rest),
            "http" | "https" | "ftp" | "file" => ("url", text),
            "" if rest.contains('@') => ("email", rest),
            "" if rest.bytes().filter(u8::is_ascii_digit).count() >= 3 => ("phone", rest),
            _ => ("other", text),
        };
        let mut telecom = Tree::from([("system", system.into()), ("value", value.into())]);
        let kind = codes.iter().find_map(|code| match code.as_str() {
            "H" | "HP" | "HV" => Some("home"),
            "WP" | "DIR" | "PUB" => Some("work"),
            "MC" => Some("mobile"),
            "TMP" => Some("temp"),
            "BAD" => Some("old"),
            _ => None,
        });
        telecom.fill("use", kind);
        telecom.fill("period", el.get("useablePeriod").and_then(|time| self.period(time)));
        Some(telecom)
    }

    /// All of an element.
    pub(super) fn telecoms(&self, el: El<'d>) -> Vec<(Tree, El<'d>)> {
        el.all("telecom").filter_map(|telecom| Some((self.telecom(telecom)?, telecom))).collect()
    }
}

/// An ISO 21090 or core extension with words.
pub(super) fn words_extension(url: &str, text: &str) -> Tree {
    extension(url, "valueString", text)
}
