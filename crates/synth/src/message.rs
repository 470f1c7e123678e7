//! HL7 v2 messages: patient administration, results, vaccinations, documents.

use crate::calendar::Clock;
use crate::code::{Code, Condition};
use crate::panel::Panel;
use crate::person::{Person, Sex};
use crate::staff::{Clinician, FACILITY, Ward, system};
use crate::story::Vaccine;
use crate::test::Test;
use hl7::message::{Charset, MessageWriter, Separators};

/// Which system of the hospital sends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Application {
    Administration,
    /// Its messages are in GB 18030, as many laboratories' are.
    Laboratory,
    Vaccination,
    Documents,
}

impl Application {
    fn name(self) -> &'static str {
        match self {
            Application::Administration => "HIS",
            Application::Laboratory => "LIS",
            Application::Vaccination => "VACC",
            Application::Documents => "EMR",
        }
    }

    /// The character set and its name in MSH-18.
    fn charset(self) -> (Charset, &'static str) {
        match self {
            Application::Laboratory => (Charset::GB18030, "GB 18030-2000"),
            _ => (Charset::UTF_8, "UNICODE UTF-8"),
        }
    }
}

/// What kind of visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Emergency,
    Inpatient,
    Outpatient,
}

impl Class {
    /// Table 0004.
    fn code(self) -> &'static str {
        match self {
            Class::Emergency => "E",
            Class::Inpatient => "I",
            Class::Outpatient => "O",
        }
    }
}

/// A visit as the messages tell it.
#[derive(Clone, Debug)]
pub(crate) struct Visit {
    pub(crate) number: String,
    pub(crate) class: Class,
    pub(crate) place: (Ward, &'static str),
    pub(crate) before: Option<(Ward, &'static str)>,
    pub(crate) reason: &'static str,
    pub(crate) start_us: i64,
    pub(crate) end_us: Option<i64>,
}

/// The head of a message.
#[derive(Clone, Debug)]
pub(crate) struct Head<'h> {
    pub(crate) application: Application,
    /// Type, trigger, structure.
    pub(crate) event: [&'h str; 3],
    pub(crate) control_id: String,
    pub(crate) at_us: i64,
}

/// A result as it is reported.
#[derive(Clone, Debug)]
pub(crate) struct Reported {
    pub(crate) test: Test,
    pub(crate) text: String,
    /// Table 0085.
    pub(crate) status: &'static str,
    pub(crate) note: Option<&'static str>,
}

/// A panel as it is reported.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    pub(crate) panel: Panel,
    pub(crate) number: String,
    pub(crate) collected_us: i64,
    pub(crate) issued_us: i64,
    /// Table 0123.
    pub(crate) status: &'static str,
    pub(crate) results: Vec<Reported>,
}

/// A message that is being written.
pub(crate) struct Letter {
    clock: Clock,
    writer: MessageWriter,
}

impl Letter {
    pub(crate) fn new(clock: Clock, head: &Head<'_>) -> Letter {
        let (charset, charset_name) = head.application.charset();
        let mut writer = MessageWriter::new(Separators::default(), charset);
        writer.header();
        writer.field(3, head.application.name()).field(4, FACILITY).field(5, "MEDWEAVE").field(6, FACILITY);
        writer.field(7, &clock.hl7(head.at_us));
        writer.field(9, "").components(&head.event);
        writer.field(10, &head.control_id).field(11, "P").field(12, "2.5.1").field(18, charset_name);
        Letter { clock, writer }
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.writer.finish()
    }

    /// EVN: when it was entered, and when it happened.
    pub(crate) fn event(&mut self, at_us: i64) -> &mut Self {
        let at = self.clock.hl7(at_us);
        self.writer.segment("EVN").field(2, &at).field(6, &at);
        self
    }

    /// An identifier with its authority's URI, in the present field.
    fn cx(&mut self, value: &str, authority: &str, kind: &str) {
        self.writer.value(value);
        for _ in 0..3 {
            self.writer.next_component();
        }
        self.writer.subcomponents(&["", authority, "URI"]).next_component().value(kind);
    }

    pub(crate) fn patient(&mut self, person: &Person) -> &mut Self {
        self.writer.segment("PID").field(1, "1").field(3, "");
        self.cx(&person.mrn, system::PATIENT, "MR");
        self.writer.field(5, "");
        let prefix = match (person.sex, person.age_years) {
            (_, ..=15) => "",
            (Sex::Female, _) => "Ms",
            (Sex::Male, _) => "Mr",
        };
        let name = person.name;
        let latin = |writer: &mut MessageWriter| {
            writer.components(&[name.family, name.given, "", "", prefix, "", "L", "A"]);
        };
        if let Some((family, given)) = name.native {
            self.writer.components(&[family, given, "", "", "", "", "L", "I"]).repeat();
        }
        latin(&mut self.writer);
        self.writer.field(7, &person.born.hl7());
        self.writer.field(8, if person.sex == Sex::Female { "F" } else { "M" });
        self.writer.field(11, "").components(&[
            &person.street,
            "",
            person.culture.city(),
            "",
            &person.postcode,
            "",
            "H",
        ]);
        self.writer.field(13, "").components(&["", "PRN", "PH"]);
        for _ in 0..4 {
            self.writer.next_component();
        }
        self.writer.value(&person.phone);
        let (language, language_name) = person.culture.language();
        self.writer.field(15, "").components(&[language, language_name, "ISO639"]);
        self
    }

    fn place(&mut self, number: u16, (ward, bed): (Ward, &str)) {
        let room = if bed.is_empty() { String::new() } else { format!("{}-{bed}", ward.code()) };
        let bed = if bed.is_empty() { "" } else { "A" };
        self.writer.field(number, "").components(&[ward.code(), &room, bed, FACILITY]);
    }

    fn clinician(&mut self, clinician: &Clinician) {
        self.writer.components(&[clinician.id, clinician.family, clinician.given, "", "", clinician.prefix, "", ""]);
        self.writer.next_component().subcomponents(&["", system::STAFF, "URI"]);
    }

    /// PV1 and PV2.
    pub(crate) fn visit(&mut self, visit: &Visit) -> &mut Self {
        self.writer.segment("PV1").field(1, "1").field(2, visit.class.code());
        self.place(3, visit.place);
        self.writer.field(4, if visit.class == Class::Outpatient { "R" } else { "E" });
        if let Some(before) = visit.before {
            self.place(6, before);
        }
        self.writer.field(7, "");
        self.clinician(visit.place.0.lead());
        self.writer.field(10, visit.place.0.service()).field(19, "");
        self.cx(&visit.number, system::VISIT, "VN");
        if visit.end_us.is_some() {
            self.writer.field(36, "").components(&["01", "Discharged to home"]);
        }
        self.writer.field(44, &self.clock.hl7(visit.start_us));
        if let Some(end_us) = visit.end_us {
            self.writer.field(45, &self.clock.hl7(end_us));
        }
        if !visit.reason.is_empty() {
            self.writer.segment("PV2").field(3, "").components(&["", visit.reason]);
        }
        self
    }

    /// PV1 as far as a message about something else needs it.
    pub(crate) fn visit_mentioned(&mut self, visit: &Visit) -> &mut Self {
        self.writer.segment("PV1").field(1, "1").field(2, visit.class.code()).field(19, "");
        self.cx(&visit.number, system::VISIT, "VN");
        self
    }

    pub(crate) fn diagnosis(
        &mut self,
        rank: usize,
        condition: Condition,
        at_us: i64,
        clinician: &Clinician,
    ) -> &mut Self {
        let rank = rank.to_string();
        self.writer.segment("DG1").field(1, &rank).field(3, "").components(&condition.icd10.components());
        self.writer.field(5, &self.clock.hl7(at_us)).field(6, "A").field(15, &rank).field(16, "");
        self.clinician(clinician);
        self
    }

    fn entity(&mut self, number: u16, value: &str, authority: &str) {
        self.writer.field(number, "").components(&[value, "", authority, "URI"]);
    }

    /// ORC, OBR and OBX with their notes.
    pub(crate) fn report(&mut self, report: &Report, person: &Person, orderer: &Clinician) -> &mut Self {
        self.writer.segment("ORC").field(1, "RE");
        self.entity(2, &report.number, system::ORDER);
        self.entity(3, &report.number, system::RESULT);
        self.writer.field(5, "CM");
        self.writer.segment("OBR").field(1, "1");
        self.entity(2, &report.number, system::ORDER);
        self.entity(3, &report.number, system::RESULT);
        self.writer.field(4, "").components(&report.panel.code().components());
        self.writer.field(7, &self.clock.hl7(report.collected_us)).field(16, "");
        self.clinician(orderer);
        self.writer.field(22, &self.clock.hl7(report.issued_us));
        self.writer.field(24, report.panel.section()).field(25, report.status);
        for (at, result) in report.results.iter().enumerate() {
            self.result(at + 1, result, report.collected_us, person);
        }
        self
    }

    fn result(&mut self, set_id: usize, result: &Reported, collected_us: i64, person: &Person) {
        let info = result.test.info();
        self.writer.segment("OBX").field(1, &set_id.to_string()).field(2, "NM");
        self.writer.field(3, "").components(&[info.loinc, info.name, "LN", info.local, info.local, "99LIS"]);
        self.writer.field(5, &result.text).field(6, "").components(&[info.unit, info.unit, "UCUM"]);
        if let Some(range) = result.test.printed_range(person) {
            self.writer.field(7, &range);
        }
        if let Some(flag) = result.test.flag(&result.text, person) {
            self.writer.field(8, flag.code());
        }
        self.writer.field(11, result.status).field(14, &self.clock.hl7(collected_us));
        if let Some(note) = result.note {
            self.writer.segment("NTE").field(1, "1").field(2, "L").field(3, note);
        }
    }

    /// ORC, RXA and RXR.
    pub(crate) fn vaccination(&mut self, vaccine: &Vaccine, number: &str, given_us: i64, was_here: bool) -> &mut Self {
        self.writer.segment("ORC").field(1, "RE");
        self.entity(3, number, system::ORDER);
        self.writer.segment("RXA").field(1, "0").field(2, "1").field(3, &self.clock.hl7(given_us));
        self.writer.field(5, "").components(&vaccine.code.components());
        self.writer.field(6, vaccine.amount_ml).field(7, "").components(&["mL", "mL", "UCUM"]);
        let origin: [&str; 3] = if was_here {
            ["00", "New immunization record", "NIP001"]
        } else {
            ["01", "Historical information", "NIP001"]
        };
        self.writer.field(9, "").components(&origin);
        self.writer.field(15, vaccine.lot).field(17, "").components(&vaccine.maker.components());
        self.writer.field(20, "CP").field(21, "A");
        self.writer.segment("RXR").field(1, "").components(&["IM", "Intramuscular", "HL70162"]);
        self.writer.field(2, "").components(&["LD", "Left deltoid", "HL70163"]);
        self
    }

    /// TXA and OBX.
    pub(crate) fn document(
        &mut self,
        kind: &str,
        code: Code,
        number: &str,
        at_us: i64,
        author: &Clinician,
        lines: &[&str],
    ) -> &mut Self {
        let at = self.clock.hl7(at_us);
        self.writer.segment("TXA").field(1, "1").field(2, kind).field(3, "TX").field(4, &at).field(6, &at).field(9, "");
        self.clinician(author);
        self.entity(12, number, system::DOCUMENT);
        self.writer.field(17, "LA").field(19, "AV");
        for (at, line) in lines.iter().enumerate() {
            self.writer.segment("OBX").field(1, &(at + 1).to_string()).field(2, "TX").field(3, "");
            self.writer.components(&code.components());
            self.writer.field(5, line).field(11, "F");
        }
        self
    }
}
