//! TXA and the OBX of a document message to DocumentReference.

use super::context::{Context, Fill, resource};
use super::order::Patient;
use super::parts::repeats;
use super::tables::{TERMINOLOGY, document_availability, document_status, document_type};
use super::transaction::{Key, Write};
use super::value::base64;
use crate::message::Segment;
use fhir::json::Tree;

/// OBX fields that an attachment has no place for, but which say nothing of the document either: what was observed and how
/// far the observation is.
const NOT_OF_THE_DOCUMENT: [u16; 4] = [1, 2, 4, 11];

/// What an MDM event says of a document, besides its segments.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// T01-T04, T07, T08: the document itself, its status, its new text.
    Itself,
    /// T05, T06: it is added to another.
    Addendum,
    /// T09, T10: it takes the place of another.
    Replacement,
    /// T11: it was an error.
    Cancelled,
}

impl Told {
    pub(super) fn by(trigger: &str) -> Self {
        match trigger {
            "T05" | "T06" => Told::Addendum,
            "T09" | "T10" => Told::Replacement,
            "T11" => Told::Cancelled,
            _ => Told::Itself,
        }
    }
}

impl<'m> Context<'m> {
    /// TXA with the OBX and NTE that follow it. `requests` are the orders that the document answers.
    pub(super) fn document(
        &self,
        txa: Segment<'m>,
        contents: &[Segment<'m>],
        notes: &[Segment<'m>],
        patient: &Patient<'_>,
        mut requests: Vec<Tree>,
        told: Told,
    ) {
        self.pass(txa, [1]);
        let mut document = resource("DocumentReference");
        let key = match self.ei(self.take(txa, 12).into(), "document", None) {
            Some(number) => {
                document.set("masterIdentifier", number.tree);
                let system = number.system.unwrap_or_else(|| self.source_system("document"));
                Key { resource_type: "DocumentReference", system, value: number.value }
            }
            None => {
                self.warn(
                    *txa.field(12),
                    "no document number: a new version of this document cannot be told from another",
                );
                let parts = [patient.subject.token.as_str(), self.content_token()];
                self.derived_key("DocumentReference", "document-of-message", &parts)
            }
        };
        if let Some(name) = self.field_text(txa, 16) {
            let system = self.source_system("document-file");
            document.push("identifier", Tree::from([("system", system.into()), ("value", name.into())]));
        }
        let availability = self.field_text(txa, 19);
        let availability = availability.as_deref().and_then(document_availability);
        let is_cancelled = told == Told::Cancelled;
        document.set("status", if is_cancelled { "entered-in-error" } else { availability.unwrap_or("current") });
        let completion = self.field_text(txa, 17);
        document.fill("docStatus", completion.as_deref().and_then(document_status));
        document.fill("type", self.document_kind(txa));
        document.set("subject", patient.subject.reference.clone());
        document.fill("date", self.instant(self.take(txa, 6).into()));
        document.fill_all("author", self.practitioners(self.take(txa, 9)));
        let authenticator = self.practitioners(self.take(txa, 10));
        let signed = self.practitioners(self.take(txa, 22));
        document.fill("authenticator", signed.into_iter().next().or_else(|| authenticator.into_iter().next()));
        let mut description: Vec<String> =
            repeats(self.take(txa, 25)).filter_map(|parts| self.text(parts.whole())).collect();
        for nte in notes {
            self.pass(*nte, [1, 2]);
            description.extend(repeats(self.take(*nte, 3)).filter_map(|parts| self.text(parts.whole())));
        }
        document.fill("description", (!description.is_empty()).then(|| description.join("\n")));
        if let Some(label) = self.field_text(txa, 18).and_then(|code| confidentiality(&code)) {
            document
                .push("securityLabel", super::coded::concept_of(&format!("{TERMINOLOGY}v3-Confidentiality"), label));
        }
        let presentation = self.field_text(txa, 3);
        document.fill_all("content", self.contents(contents, presentation.as_deref()));
        document.fill_all("relatesTo", self.parent_document(txa, patient, told).into_iter().collect());
        let is_without_content = document.get("content").is_none();
        if is_without_content {
            self.note(*txa.field(12), "the message names a document without its content");
            document.push("content", Tree::from([("attachment", Tree::from([("title", key.value.as_str().into())]))]));
        }
        let mut context = Tree::object();
        context.fill_all("encounter", patient.encounter.clone().into_iter().collect());
        context.fill("period", self.date_time(self.take(txa, 4).into()).map(|at| Tree::from([("start", at.into())])));
        if requests.is_empty() {
            requests = self.answered_orders(txa);
        } else {
            self.pass(txa, [14, 15]);
        }
        context.fill_all("related", requests);
        document.fill("context", super::context::filled(context));
        self.put(key.clone(), Write::Update, document, Vec::new());
        if is_without_content {
            // A notification does not take away the text that came before it.
            self.told_in_part(&key);
            self.assume(&key, "content");
            if availability.is_none() && !is_cancelled {
                self.assume(&key, "status");
            }
        }
    }

    /// TXA-13 of an addendum or a replacement: the document that it is added to, or that gives way to it.
    fn parent_document(&self, txa: Segment<'m>, patient: &Patient<'_>, told: Told) -> Option<Tree> {
        let code = match told {
            Told::Addendum => "appends",
            Told::Replacement => "replaces",
            Told::Itself | Told::Cancelled => return None,
        };
        let parent = self.ei(self.take(txa, 13).into(), "document", None)?;
        let system = parent.system.clone()?;
        if told == Told::Addendum {
            let target = Tree::from([("type", "DocumentReference".into()), ("identifier", parent.tree)]);
            return Some(Tree::from([("code", code.into()), ("target", target)]));
        }
        let key = Key { resource_type: "DocumentReference", system, value: parent.value };
        // A new text under the number that it had replaces nothing else.
        let own = self.ei(txa.field(12).into(), "document", None);
        if own.is_some_and(|own| own.system.as_ref() == Some(&key.system) && own.value == key.value) {
            return None;
        }
        let mut replaced = resource("DocumentReference");
        replaced.set("masterIdentifier", parent.tree);
        replaced.set("status", "superseded");
        replaced.set("subject", patient.subject.reference.clone());
        let title = Tree::from([("title", key.value.as_str().into())]);
        replaced.push("content", Tree::from([("attachment", title)]));
        let target = self.put(key.clone(), Write::Update, replaced, Vec::new());
        self.told_in_part(&key);
        self.assume(&key, "content");
        Some(Tree::from([("code", code.into()), ("target", target)]))
    }

    /// TXA-14 and 15, where no ORC and OBR tell the orders.
    fn answered_orders(&self, txa: Segment<'m>) -> Vec<Tree> {
        let mut orders = Vec::new();
        for (number, kind, code) in [(14, "placer-order", "PLAC"), (15, "filler-order", "FILL")] {
            for parts in repeats(self.take(txa, number)) {
                let Some(order) = self.ei(parts, kind, Some(code)) else { continue };
                orders.push(Tree::from([("type", "ServiceRequest".into()), ("identifier", order.tree)]));
            }
        }
        orders
    }

    /// TXA-2 with the texts of table 0270.
    fn document_kind(&self, txa: Segment<'m>) -> Option<Tree> {
        let mut kind = self.concept(self.take(txa, 2).into(), Some("0270"))?;
        if let Some(Tree::Array(codings)) = kind.get_mut("coding")
            && let Some(first) = codings.first_mut()
            && first.get("display").is_none()
        {
            let text = first.get("code").and_then(Tree::as_str).and_then(document_type);
            first.fill("display", text);
        }
        Some(kind)
    }

    /// Texts of all OBX are one attachment, line by line; each piece of data and each pointer is its own.
    fn contents(&self, contents: &[Segment<'m>], presentation: Option<&str>) -> Vec<Tree> {
        let mut text: Vec<String> = Vec::new();
        let mut attachments: Vec<Tree> = Vec::new();
        let mut title = None;
        for obx in contents {
            self.pass(*obx, NOT_OF_THE_DOCUMENT);
            let value_type = self.code(*obx.field(2)).unwrap_or_default().to_ascii_uppercase();
            let name = self.concept_text(self.take(*obx, 3).into());
            if matches!(value_type.as_str(), "ED" | "RP") {
                for parts in repeats(self.take(*obx, 5)) {
                    if let Some(mut attachment) = self.attachment(&value_type, parts) {
                        attachment.fill("title", name.clone());
                        attachments.push(attachment);
                    }
                }
                continue;
            }
            self.take(*obx, 5);
            if let Some(lines) = self.lines(*obx) {
                text.push(lines);
                title = title.or(name);
            }
        }
        if !text.is_empty() {
            let media = match presentation.map(str::to_ascii_uppercase).as_deref() {
                Some("HTML" | "TEXT/HTML") => "text/html",
                Some("RTF") => "application/rtf",
                _ => "text/plain; charset=utf-8",
            };
            let mut attachment =
                Tree::from([("contentType", media.into()), ("data", base64(text.join("\n").as_bytes()).into())]);
            attachment.fill("title", title);
            attachments.insert(0, attachment);
        }
        attachments.into_iter().map(|attachment| Tree::from([("attachment", attachment)])).collect()
    }
}

/// Table 0272 to v3 Confidentiality.
fn confidentiality(code: &str) -> Option<super::tables::Code> {
    match code {
        "R" | "RE" => Some(("R", "restricted")),
        "V" => Some(("V", "very restricted")),
        "U" | "UC" => Some(("N", "normal")),
        _ => None,
    }
}
