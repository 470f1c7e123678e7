//! The document itself: Composition, DocumentReference, Binary, and whom its header names.

use super::codes::{coding, concept_of};
use super::context::Context;
use super::draft::{Draft, Ref};
use super::element::El;
use super::made::Identity;
use super::null::absent;
use super::people::Party;
use super::section::AUTHORS;
use super::text::clean;
use crate::map::context::{Fill, extension, filled};
use crate::map::value::base64;
use fhir::json::Tree;

/// Bytes of a document that are kept as a Binary. Longer ones are the arrival alone.
const BINARY_BYTES: usize = 24 << 20;

/// Namespaces that are told.
const FOREIGN_MAX: usize = 20;

const CCDA: &str = "http://hl7.org/fhir/us/ccda/StructureDefinition/";

const SIGNERS: &[&str] = &["Practitioner", "PractitionerRole", "Patient", "RelatedPerson", "Organization"];

/// What a document is, by its templates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// HITSP C32 and what came before C-CDA.
    C32,
    /// C-CDA.
    Ccda,
    /// CDA of another guide.
    Other,
}

pub(super) fn dialect(root: El<'_>) -> Dialect {
    let mut dialect = Dialect::Other;
    for template in root.templates() {
        if template.starts_with("2.16.840.1.113883.10.20.22.1.") {
            return Dialect::Ccda;
        }
        if template.starts_with("2.16.840.1.113883.3.88.11.") || template == "2.16.840.1.113883.10.20.1" {
            dialect = Dialect::C32;
        }
    }
    dialect
}

impl<'d> Context<'d> {
    /// Maps header, body and document.
    pub(super) fn document(&self, bytes: &[u8]) {
        let root = self.root;
        if dialect(root) == Dialect::Other {
            self.note(root, "the document names no template of C-CDA or C32; what it shares with them is mapped");
        }
        let encounter = self.encompassing_encounter();
        if let Some(encounter) = &encounter {
            let _ = self.encounter.set(encounter.clone());
        }
        self.relations();
        let body = root.at(&["component", "structuredBody"]);
        let other = root.at(&["component", "nonXMLBody"]);
        for component in root.all("component").skip(1) {
            self.warn(component, "a document has one body, the first; this one is in the document alone");
        }
        self.foreign();
        if let Some(body) = body {
            self.map_entries(body);
            self.list_within(body, "it stands where it tells of another statement that has no element for it");
            self.name_the_unnamed();
            self.values_left(body);
        }
        self.turned_intervals();
        let sections = body.map(|body| self.sections(body)).unwrap_or_default();
        let team = self.care_team();
        let composition = self.composition(sections, encounter.as_ref(), team.as_ref());
        self.document_reference(bytes, other, encounter.as_ref(), &composition);
    }

    /// What is in no namespace of CDA is not read: each is told once, with where it is first.
    fn foreign(&self) {
        let mut known: Vec<&str> = Vec::new();
        for node in self.root.0.descendants().filter(roxmltree::Node::is_element) {
            let name = node.tag_name().namespace().unwrap_or_default();
            if !matches!(name, super::read::V3 | super::read::SDTC) && !known.contains(&name) {
                // What is taken out of a narrative is told there.
                if node.ancestors().any(|around| around.tag_name().name() == "text") {
                    continue;
                }
                known.push(name);
                let text = format!("elements of the namespace {name:?} are not read; they are in the document alone");
                self.warn(El(node), text);
                if known.len() == FOREIGN_MAX {
                    return;
                }
            }
        }
    }

    /// Values beyond the first of what is no Observation: FHIR has one there.
    fn values_left(&self, body: El<'d>) {
        let all = body.0.descendants().filter(roxmltree::Node::is_element).map(El).filter(|el| el.is_statement());
        for el in all {
            if el.all("value").nth(1).is_none() || self.made_of(el).is_some_and(|made| made.is(&["Observation"])) {
                continue;
            }
            for value in el.all("value").skip(1) {
                self.warn(value, "what is made of this has one value, the first; this one is in the document alone");
            }
        }
    }

    /// Intervals that end before they begin: kept as sent, and told.
    fn turned_intervals(&self) {
        let all = self.root.0.descendants().filter(roxmltree::Node::is_element).map(El);
        let is_interval = |el: &El<'d>| match el.name() {
            "effectiveTime" | "time" | "useablePeriod" | "validTime" | "comp" | "phase" => true,
            "value" => el.kind() == Some("IVL_TS"),
            _ => false,
        };
        for el in all.filter(is_interval) {
            let end = |name| el.get(name).and_then(|end| self.moment(end)).map(|at| self.date_time_of(&at));
            let (Some(low), Some(high)) = (end("low"), end("high")) else { continue };
            if is_before(&high, &low) {
                self.warn(el, format!("the end {high} is before the start {low}; both were kept as sent"));
            }
        }
    }

    /// Sets what Composition and DocumentReference share.
    fn head(&self, draft: &mut Draft<'d>) {
        let root = self.root;
        if let Some(language) = root.get("languageCode").and_then(|code| super::codes::clean_code(code.attr("code")?))
            && let Some(el) = root.get("languageCode")
        {
            draft.set("language", language, el);
        }
        if let Some(code) = root.get("code") {
            draft.set("type", self.required_concept(Some(code), root.get("title").and_then(El::plain)), code);
        } else {
            draft.put("type", absent("unknown"));
        }
        draft.put("subject", self.subject());
        for (author, el) in Self::references(self.parties(root, "author"), AUTHORS) {
            draft.push("author", author, el);
        }
        if let Some(custodian) =
            self.parties(root, "custodian").into_iter().find(|party| party.reference.is(&["Organization"]))
        {
            draft.set("custodian", custodian.reference.tree(), custodian.el);
        }
    }

    fn title(&self) -> String {
        let root = self.root;
        let title = root.get("title").and_then(El::plain).and_then(|title| clean(&title));
        let name = || root.get("code").and_then(|code| code.attr("displayName")).and_then(clean);
        title.or_else(name).unwrap_or_else(|| "Clinical document".to_owned())
    }

    fn composition(&self, sections: Vec<(Tree, El<'d>)>, encounter: Option<&Ref>, team: Option<&(Ref, El<'d>)>) -> Ref {
        let root = self.root;
        let mut draft = Draft::new("Composition", root);
        let id = root.get("setId").and_then(|el| Some((self.identifier(el)?, el)));
        let id = id.or_else(|| root.get("id").and_then(|el| Some((self.identifier(el)?, el))));
        if let Some((identified, el)) = id {
            draft.set("identifier", identified.tree, el);
        }
        draft.put("status", "final");
        self.head(&mut draft);
        if !draft.has("author") {
            // Someone must have written it; the document does not say who.
            draft.put("author", vec![absent("unknown")]);
        }
        if let Some(encounter) = encounter {
            draft.put("encounter", encounter.tree());
        }
        match root.get("effectiveTime") {
            Some(time) if self.fill_time(&mut draft, "date", time) || draft.has("_date") => {}
            _ => {
                draft.put("_date", absent("unknown"));
            }
        }
        draft.set("title", self.title(), root.get("title").unwrap_or(root));
        if let Some(code) = root.get("confidentialityCode")
            && let Some(value @ ("N" | "R" | "V" | "U" | "L" | "M")) = code.attr("code")
        {
            draft.set("confidentiality", value, code);
        }
        for (name, mode) in [("legalAuthenticator", "legal"), ("authenticator", "professional")] {
            for party in self.parties(root, name) {
                draft.push("attester", self.attester(&party, mode), party.el);
            }
        }
        for related in root.all("relatedDocument") {
            for relation in self.composition_relations(related) {
                draft.push("relatesTo", relation, related);
            }
        }
        for event in root.all("documentationOf").filter_map(|of| of.get("serviceEvent")) {
            let mut tree = Tree::object();
            let class = event
                .attr("classCode")
                .filter(|code| *code != "ACT")
                .map(|code| concept_of("http://terminology.hl7.org/CodeSystem/v3-ActClass", code, ""));
            tree.fill_all(
                "code",
                event.get("code").and_then(|code| self.concept(code)).into_iter().chain(class).collect(),
            );
            tree.fill("period", event.get("effectiveTime").and_then(|time| self.period(time)));
            tree.fill_all(
                "detail",
                team.filter(|(_, of)| *of == event).map(|(team, _)| team.tree()).into_iter().collect(),
            );
            let mut performers = Vec::new();
            for performer in self.parties(event, "performer") {
                performers.push(extension(
                    &format!("{CCDA}PerformerExtension"),
                    "valueReference",
                    performer.reference.tree(),
                ));
            }
            tree.fill_all("extension", performers);
            draft.push_some("event", filled(tree), event);
        }
        if let Some(version) = root.get("versionNumber").and_then(|el| el.attr("value")) {
            let url = "http://hl7.org/fhir/StructureDefinition/composition-clinicaldocument-versionNumber";
            draft.push("extension", extension(url, "valueString", version), root.get("versionNumber").unwrap_or(root));
        }
        self.other_parties(&mut draft);
        for (section, el) in sections {
            draft.push("section", section, el);
        }
        let key = Self::alike_key("Composition", &self.document);
        self.add(key, Identity::Own, draft)
    }

    /// Those of the header that Composition has no element for, as the guide's extensions.
    fn other_parties(&self, draft: &mut Draft<'d>) {
        let root = self.root;
        for (name, url) in [
            ("dataEnterer", "DataEntererExtension"),
            ("informant", "InformantExtension"),
            ("informationRecipient", "InformationRecipientExtension"),
            ("participant", "ParticipantExtension"),
        ] {
            for party in self.parties(root, name) {
                draft.push(
                    "extension",
                    extension(&format!("{CCDA}{url}"), "valueReference", party.reference.tree()),
                    party.el,
                );
            }
        }
        for order in root.all("inFulfillmentOf").filter_map(|of| of.get("order")) {
            for (identified, el) in self.identifiers(order) {
                let reference = Tree::from([("type", "ServiceRequest".into()), ("identifier", identified.tree)]);
                draft.push("extension", extension(&format!("{CCDA}OrderExtension"), "valueReference", reference), el);
            }
        }
        for consent in root.all("authorization").filter_map(|authorization| authorization.get("consent")) {
            if let Some(reference) = self.consent(consent) {
                draft.push(
                    "extension",
                    extension(&format!("{CCDA}AuthorizationExtension"), "valueReference", reference.tree()),
                    consent,
                );
            }
        }
    }

    /// An `authorization/consent`.
    fn consent(&self, el: El<'d>) -> Option<Ref> {
        let code = el.get("code").and_then(|code| self.concept(code));
        let identifiers = self.identifiers(el);
        if code.is_none() && identifiers.is_empty() {
            return None;
        }
        let mut draft = Draft::new("Consent", el);
        draft.push_all("identifier", identifiers.into_iter().map(|(identified, el)| (identified.tree, el)));
        draft.put("status", if el.status() == Some("completed") { "active" } else { "proposed" });
        draft.put(
            "scope",
            concept_of("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy", "Privacy Consent"),
        );
        draft.push("category", code.unwrap_or_else(|| absent("unknown")), el.get("code").unwrap_or(el));
        draft.put("patient", self.subject());
        draft.put("policyRule", absent("unknown"));
        Some(self.own(draft))
    }

    fn attester(&self, party: &Party<'d>, mode: &str) -> Tree {
        let mut attester = Tree::from([("mode", mode.into())]);
        if let Some(time) = party.time {
            self.put_time(&mut attester, "time", time);
        }
        if party.reference.is(SIGNERS) {
            attester.set("party", party.reference.tree());
        }
        attester
    }

    /// A relation to another document, by each of its identifiers.
    fn composition_relations(&self, related: El<'d>) -> Vec<Tree> {
        let (Some(code), Some(parent)) = (relation(related), related.get("parentDocument")) else { return Vec::new() };
        let all = self.identifiers(parent).into_iter();
        all.map(|(identified, _)| Tree::from([("code", code.into()), ("targetIdentifier", identified.tree)])).collect()
    }

    /// `participant`s of the header are relatives and the like: each is a RelatedPerson, and an emergency contact or next of kin also one of the patient's.
    fn relations(&self) {
        for participant in self.root.all("participant") {
            let Some(role) = participant.get("associatedEntity") else { continue };
            let relation = match role.attr("classCode") {
                Some("ECON") => ("ECON", "emergency contact"),
                Some("NOK") => ("NOK", "next of kin"),
                Some("CAREGIVER") => ("CAREGIVER", "caregiver"),
                Some("GUARD") => ("GUARD", "guardian"),
                _ => continue,
            };
            if let (Some(contact), Some(patient)) =
                (self.contact(role, "associatedPerson", "scopingOrganization", relation), self.subject.get())
            {
                self.change(patient, |patient| {
                    let others = patient.get("contact").map_or(&[][..], Tree::items);
                    if !others.contains(&contact) {
                        patient.push("contact", contact);
                    }
                });
            }
        }
    }

    fn document_reference(&self, bytes: &[u8], other: Option<El<'d>>, encounter: Option<&Ref>, composition: &Ref) {
        let root = self.root;
        let mut draft = Draft::new("DocumentReference", root);
        if let Some((identified, el)) = root.get("id").and_then(|el| Some((self.identifier(el)?, el))) {
            draft.set("masterIdentifier", identified.tree, el);
        }
        if let Some((identified, el)) = root.get("setId").and_then(|el| Some((self.identifier(el)?, el))) {
            draft.push("identifier", identified.tree, el);
        }
        draft.put("status", "current");
        draft.put("docStatus", "final");
        self.head(&mut draft);
        draft.push(
            "category",
            concept_of(
                "http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category",
                "clinical-note",
                "Clinical Note",
            ),
            root,
        );
        if let Some(time) = root.get("effectiveTime") {
            self.fill_instant(&mut draft, "date", time);
        }
        let signer = self
            .parties(root, "legalAuthenticator")
            .into_iter()
            .find(|party| party.reference.is(&["Practitioner", "PractitionerRole", "Organization"]));
        if let Some(signer) = signer {
            draft.set("authenticator", signer.reference.tree(), signer.el);
        }
        draft.set("description", self.title(), root.get("title").unwrap_or(root));
        if let Some(code) = root.get("confidentialityCode") {
            draft.push_some("securityLabel", self.concept(code), code);
        }
        for related in root.all("relatedDocument") {
            if let (Some(code), Some(parent)) = (relation(related), related.get("parentDocument"))
                && let Some(identified) = parent.all("id").find_map(|id| self.identifier(id))
            {
                let target = Tree::from([("type", "DocumentReference".into()), ("identifier", identified.tree)]);
                draft.push("relatesTo", Tree::from([("code", code.into()), ("target", target)]), related);
            }
        }
        let mut whole = Tree::from([("contentType", "text/xml".into()), ("title", self.title().into())]);
        whole.set("size", Tree::from(bytes.len() as i64));
        if bytes.len() <= BINARY_BYTES {
            let binary = self.binary("text/xml", base64(bytes), root, "document");
            whole.set("url", binary.url);
        } else {
            self.note(root, "the document is too long for a Binary; its bytes are those of the arrival");
        }
        let mut content = Tree::from([("attachment", whole)]);
        content.fill("format", format(root));
        draft.push("content", content, root);
        if let Some(body) = other
            && let Some(attachment) = self.body(body)
        {
            draft.push("content", Tree::from([("attachment", attachment)]), body);
        }
        let mut context = Tree::object();
        context.fill_all("encounter", encounter.map(Ref::tree).into_iter().collect());
        let event = root.at(&["documentationOf", "serviceEvent"]);
        context.fill("period", event.and_then(|event| event.get("effectiveTime")).and_then(|time| self.period(time)));
        context.push("related", composition.tree());
        draft.set("context", context, event.unwrap_or(root));
        let key = Self::alike_key("DocumentReference", &self.document);
        self.add(key, Identity::Own, draft);
    }

    /// A Binary with data in Base64.
    pub(super) fn binary(&self, kind: &str, data: String, el: El<'d>, what: &str) -> Ref {
        let mut draft = Draft::new("Binary", el);
        draft.put("contentType", kind);
        draft.put("data", data);
        let key = self.counted_key("Binary", &self.document, &format!("{what} {}", self.xpath(el)));
        self.add(key, Identity::Own, draft)
    }

    /// A body that is not XML: its bytes as a Binary, or where they lie.
    fn body(&self, body: El<'d>) -> Option<Tree> {
        let text = body.get("text")?;
        let mut attachment = self.attachment(text)?;
        attachment.set("title", self.title());
        Some(attachment)
    }

    /// An ED as an Attachment: its data as a Binary.
    pub(super) fn attachment(&self, el: El<'d>) -> Option<Tree> {
        let kind = el.attr("mediaType").and_then(super::codes::clean_code);
        let mut attachment = Tree::object();
        attachment.fill("contentType", kind.clone());
        attachment.fill("language", el.attr("language").and_then(super::codes::clean_code));
        let data = if el.attr("representation") == Some("B64") {
            let data: String = el.raw_text().chars().filter(|c| !c.is_whitespace()).collect();
            let is_base64 = fhir::primitive::is_base64(&data);
            if !is_base64 && !data.is_empty() {
                self.warn(el, "the content is no Base64; it is in the document alone");
            }
            if let Some(compression) = el.attr("compression") {
                self.note(el, format!("the content is packed ({compression}) and was kept so"));
            }
            Some(data).filter(|_| is_base64)
        } else {
            let text = clean(&el.raw_text());
            text.map(|text| base64(text.as_bytes()))
        };
        match data {
            Some(data) => {
                let kind = kind.unwrap_or_else(|| "text/plain".to_owned());
                let binary = self.binary(&kind, data, el, "content");
                attachment.set("url", binary.url);
            }
            None => {
                let place = el.get("reference").and_then(|reference| reference.attr("value"))?;
                attachment.set("url", crate::map::context::uri(place));
            }
        }
        Some(attachment)
    }
}

/// True if one dateTime is before another, as far as both are given.
fn is_before(one: &str, other: &str) -> bool {
    let at = |text: &str| text.parse::<jiff::Timestamp>().ok();
    match (at(one), at(other)) {
        (Some(one), Some(other)) => one < other,
        // Of two of which one is a date at most, their days (months, years) count.
        _ => {
            let length = one.len().min(other.len()).min(10);
            one.get(..length) < other.get(..length)
        }
    }
}

/// How a document relates to another.
fn relation(related: El<'_>) -> Option<&'static str> {
    match related.attr("typeCode") {
        Some("RPLC") => Some("replaces"),
        Some("APND") => Some("appends"),
        Some("XFRM") => Some("transforms"),
        _ => None,
    }
}

/// The format of the document, as IHE lists them.
fn format(root: El<'_>) -> Option<Tree> {
    let template = root
        .all("templateId")
        .find(|template| template.attr("root").is_some_and(|root| root.starts_with("2.16.840.1.113883.10.20.22.1.")));
    let has_body = root.at(&["component", "nonXMLBody"]).is_some();
    let version = match template?.attr("extension") {
        Some("2015-08-01" | "2018-09-01" | "2022-06-01" | "2023-05-01" | "2024-05-01") => "2.1",
        _ => "1.1",
    };
    let kind = if has_body { "nonXMLBody" } else { "structuredBody" };
    Some(coding(
        "http://ihe.net/fhir/ihe.formatcode.fhir/CodeSystem/formatcode",
        &format!("urn:hl7-org:sdwg:ccda-{kind}:{version}"),
        "",
    ))
}
