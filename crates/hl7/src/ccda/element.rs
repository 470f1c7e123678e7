//! Elements of a document, as the maps ask them: by local name in the namespaces of CDA.

use super::read::{SDTC, V3};
use super::template::{Kind, kind};
use roxmltree::{Node, NodeId};
use std::ops::Range;

const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// The elements that are clinical statements.
const STATEMENTS: [&str; 8] = [
    "act",
    "encounter",
    "observation",
    "observationMedia",
    "organizer",
    "procedure",
    "substanceAdministration",
    "supply",
];

/// An element.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct El<'d>(pub(super) Node<'d, 'd>);

impl<'d> El<'d> {
    pub(super) fn id(self) -> NodeId {
        self.0.id()
    }

    /// Its local name.
    pub(super) fn name(self) -> &'d str {
        self.0.tag_name().name()
    }

    /// True if it is an extension of CDA.
    pub(super) fn is_extension(self) -> bool {
        self.0.tag_name().namespace() == Some(SDTC)
    }

    /// Its place in the text.
    pub(super) fn range(self) -> Range<usize> {
        self.0.range()
    }

    /// Its elements, of CDA and its extensions.
    pub(super) fn elements(self) -> impl DoubleEndedIterator<Item = El<'d>> + 'd {
        self.0.children().filter(roxmltree::Node::is_element).map(El)
    }

    /// Its elements of that name.
    pub(super) fn all(self, name: &'static str) -> impl Iterator<Item = El<'d>> + 'd {
        self.elements().filter(move |child| child.name() == name && child.0.tag_name().namespace() == Some(V3))
    }

    /// Its first element of that name.
    pub(super) fn get(self, name: &'static str) -> Option<El<'d>> {
        self.all(name).next()
    }

    /// Its extensions of that name.
    pub(super) fn extensions(self, name: &'static str) -> impl Iterator<Item = El<'d>> + 'd {
        self.elements().filter(move |child| child.name() == name && child.is_extension())
    }

    /// Its first extension of that name.
    pub(super) fn extension(self, name: &'static str) -> Option<El<'d>> {
        self.extensions(name).next()
    }

    /// The first element that the names lead to, one in the other.
    pub(super) fn at(self, names: &[&'static str]) -> Option<El<'d>> {
        names.iter().try_fold(self, |el, name| el.get(name))
    }

    /// The section that it is or stands in.
    pub(super) fn section(self) -> Option<El<'d>> {
        let mut at = self;
        while at.name() != "section" {
            at = at.parent()?;
        }
        Some(at)
    }

    /// The element it is in.
    pub(super) fn parent(self) -> Option<El<'d>> {
        self.0.parent_element().map(El)
    }

    /// An attribute's text, trimmed; `None` if nothing is left.
    pub(super) fn attr(self, name: &str) -> Option<&'d str> {
        self.0.attribute(name).map(str::trim).filter(|text| !text.is_empty())
    }

    /// The type that `xsi:type` gives, without prefix.
    pub(super) fn kind(self) -> Option<&'d str> {
        let kind = self.0.attribute((XSI, "type"))?;
        Some(kind.rsplit(':').next().unwrap_or(kind).trim())
    }

    /// Why it has no value.
    pub(super) fn null(self) -> Option<&'d str> {
        self.attr("nullFlavor")
    }

    /// An attribute that is true.
    pub(super) fn is_true(self, name: &str) -> bool {
        matches!(self.attr(name), Some("true" | "1"))
    }

    /// What a BL says.
    pub(super) fn truth(self) -> Option<bool> {
        match self.attr("value")? {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        }
    }

    /// True if it says that what it tells did not happen, or is not there; or if the relation that it stands in is negated.
    pub(super) fn is_negated(self) -> bool {
        let relation = self.parent().filter(|parent| parent.name() == "entryRelationship");
        self.is_true("negationInd") || relation.is_some_and(|relation| relation.is_true("negationInd"))
    }

    /// True if it is an act that only holds what it is concerned with: what it says is said of that.
    pub(super) fn is_concern(self) -> bool {
        self.name() == "act" && matches!(kind(self), None | Some(Kind::Wrapper))
    }

    /// True if it says more than that there is nothing: an attribute besides its type and null flavor, text, or an element that does.
    pub(super) fn says_something(self) -> bool {
        self.0.descendants().any(|node| {
            node.text().is_some_and(|text| node.is_text() && !text.trim().is_empty())
                || node.attributes().any(|attribute| {
                    attribute.namespace().is_none()
                        && !matches!(
                            attribute.name(),
                            "nullFlavor" | "typeCode" | "classCode" | "moodCode" | "determinerCode"
                        )
                        && !attribute.value().trim().is_empty()
                })
        })
    }

    /// The codes of a code and its translations, the first first.
    pub(super) fn codes(self) -> impl Iterator<Item = &'d str> + 'd {
        std::iter::once(self).chain(self.all("translation")).filter_map(|code| code.attr("code"))
    }

    /// The templates it says it follows.
    pub(super) fn templates(self) -> impl Iterator<Item = &'d str> + 'd {
        self.all("templateId").filter_map(|template| template.attr("root"))
    }

    /// True if it is a clinical statement.
    pub(super) fn is_statement(self) -> bool {
        STATEMENTS.contains(&self.name()) && self.0.tag_name().namespace() == Some(V3)
    }

    /// The statements directly in it, with what relates them.
    pub(super) fn related(self) -> impl Iterator<Item = (El<'d>, El<'d>)> + 'd {
        self.elements()
            .filter(|child| matches!(child.name(), "entryRelationship" | "component" | "entry" | "reference"))
            .flat_map(|relation| relation.statements().map(move |inner| (relation, inner)))
    }

    /// Its elements that are statements: one, where the schema is kept.
    pub(super) fn statements(self) -> impl Iterator<Item = El<'d>> + 'd {
        self.elements().filter(|child| child.is_statement())
    }

    /// The code of its `statusCode`.
    pub(super) fn status(self) -> Option<&'d str> {
        self.get("statusCode")?.attr("code")
    }

    /// Text within it, white space as it stands.
    pub(super) fn raw_text(self) -> String {
        self.0.descendants().filter(roxmltree::Node::is_text).filter_map(|node| node.text()).collect()
    }

    /// Text within it, with single spaces.
    pub(super) fn plain(self) -> Option<String> {
        let text = self.raw_text();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        (!text.is_empty()).then_some(text)
    }
}
