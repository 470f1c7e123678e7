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

impl<'m> Context<'m> {
    /// TXA with the OBX and NTE that follow it. `requests` are the orders that the document answers.
    pub(super) fn document(
        &self,
        txa: Segment<'m>,
        contents: &[Segment<'m>],
        notes: &[Segment<'m>],
        patient: &Patient<'_>,
        requests: Vec<Tree>,
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
        document.set("status", availability.as_deref().and_then(document_availability).unwrap_or("current"));
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
        if document.get("content").is_none() {
            self.warn(*txa.field(12), "the message names a document without its content");
            document.push("content", Tree::from([("attachment", Tree::from([("title", key.value.as_str().into())]))]));
        }
        let mut context = Tree::object();
        context.fill_all("encounter", patient.encounter.clone().into_iter().collect());
        context.fill("period", self.date_time(self.take(txa, 4).into()).map(|at| Tree::from([("start", at.into())])));
        context.fill_all("related", requests);
        document.fill("context", super::context::filled(context));
        self.put(key, Write::Update, document, Vec::new());
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
