//! SCH with TQ1, and AIS, AIG, AIL, AIP, to Appointment.

use super::coded::concept_of;
use super::context::{About, Context, Fill, filled, resource};
use super::identifier::Identified;
use super::parts::{Parts, repeats};
use super::tables::TERMINOLOGY;
use super::timing::time_unit;
use super::transaction::{Key, Write};
use crate::message::Segment;
use fhir::json::Tree;

/// What an appointment is made of so far.
pub(super) struct Booking {
    key: Key,
    appointment: Tree,
    start: Option<String>,
    end: Option<String>,
    /// SCH-9, else the longest of its services.
    minutes: Option<i64>,
    /// The flag says that nothing tells the status.
    is_assumed: bool,
    also: Option<Key>,
    comments: Vec<String>,
    /// True if the message says who and what is booked.
    has_resources: bool,
}

/// Table 0278 to appointmentstatus; the guide leaves `Discontinued`, `Overbook` and `Blocked` open, which follow the table's text.
fn appointment_status(code: &str) -> Option<&'static str> {
    match code.to_ascii_lowercase().as_str() {
        "pending" => Some("pending"),
        "waitlist" => Some("waitlist"),
        "booked" | "overbook" | "blocked" => Some("booked"),
        "started" => Some("checked-in"),
        "complete" | "completed" => Some("fulfilled"),
        "cancelled" | "canceled" | "discontinued" | "dc" => Some("cancelled"),
        "deleted" => Some("entered-in-error"),
        "noshow" => Some("noshow"),
        _ => None,
    }
}

/// What an event says of an appointment, whatever SCH-25 still says.
fn event_status(trigger: &str) -> Option<&'static str> {
    match trigger {
        "S15" | "S16" => Some("cancelled"),
        "S17" => Some("entered-in-error"),
        "S26" => Some("noshow"),
        _ => None,
    }
}

/// Whether a person, place or device takes part (AIP-12, AIL-12, AIG-14, table 0278).
fn participation(code: Option<&str>, appointment: &str) -> &'static str {
    let own = code.and_then(appointment_status);
    match own.unwrap_or(appointment) {
        "booked" | "checked-in" | "fulfilled" | "noshow" => "accepted",
        "cancelled" | "entered-in-error" => "declined",
        "pending" | "waitlist" => "tentative",
        _ => "needs-action",
    }
}

/// The fields of AIS, AIG, AIL, AIP that say when: start, offset from the appointment, its unit, duration, its unit.
const AIS: [u16; 5] = [4, 5, 6, 7, 8];
const AIG: [u16; 5] = [8, 9, 10, 11, 12];
const AIL: [u16; 5] = [6, 7, 8, 9, 10];
const AIP: [u16; 5] = [6, 7, 8, 9, 10];

/// `time`, an instant, so many minutes later; a fraction of a second is dropped.
fn later(time: &str, minutes: i64) -> Option<String> {
    let civil: jiff::civil::DateTime = time.get(..19)?.parse().ok()?;
    let zone = &time[time.rfind(['+', '-', 'Z']).filter(|at| *at >= 19)?..];
    let later = civil.checked_add(jiff::Span::new().try_minutes(minutes).ok()?).ok()?;
    Some(format!("{}{zone}", later.strftime("%Y-%m-%dT%H:%M:%S")))
}

impl<'m> Context<'m> {
    /// SCH, with its TQ1.
    pub(super) fn booking(
        &self,
        sch: Segment<'m>,
        times: Option<Segment<'m>>,
        trigger: &str,
        patient_token: Option<&str>,
    ) -> Booking {
        let placer = self.ei(self.take(sch, 1).into(), "placer-appointment", Some("PLAC"));
        let filler = self.ei(self.take(sch, 2).into(), "filler-appointment", Some("FILL"));
        let mut appointment = resource("Appointment");
        appointment
            .fill_all("identifier", [&placer, &filler].into_iter().flatten().map(|id| id.tree.clone()).collect());
        let told = self.field_text(sch, 25).and_then(|code| appointment_status(&code));
        let status = event_status(trigger).or(told);
        appointment.set("status", status.unwrap_or("booked"));
        if event_status(trigger).is_some() {
            appointment.fill("cancelationReason", self.concept(self.take(sch, 6).into(), None));
        }
        appointment.fill_all("reasonCode", self.concept(self.take(sch, 7).into(), Some("0276")).into_iter().collect());
        appointment.fill("appointmentType", self.concept(self.take(sch, 8).into(), Some("0277")));
        let mut start = None;
        let mut end = None;
        for tq in repeats(self.take(sch, 11)) {
            start = start.or(self.instant(tq.nested(4)));
            end = end.or(self.instant(tq.nested(5)));
        }
        if let Some(tq1) = times {
            self.pass(tq1, [1]);
            let (from, to) = (self.instant(self.take(tq1, 7).into()), self.instant(self.take(tq1, 8).into()));
            // TQ1 took the place of SCH-11.
            if from.is_some() {
                (start, end) = (from, to);
            }
        }
        let minutes = self.minutes(sch, 9, 10);
        for (number, role) in [
            (12, ("CALLBCK", "callback contact")),
            (16, ("CALLBCK", "callback contact")),
            (20, ("ENT", "data entry person")),
        ] {
            for actor in self.practitioners(self.take(sch, number)) {
                let kind = concept_of(&format!("{TERMINOLOGY}v3-ParticipationType"), role);
                let mut participant = Tree::from([("type", vec![kind].into()), ("actor", actor)]);
                participant.set("required", "information-only");
                participant.set("status", "accepted");
                appointment.push("participant", participant);
            }
        }
        let mut orders = Vec::new();
        for (number, kind, code) in [(26, "placer-order", "PLAC"), (27, "filler-order", "FILL")] {
            for parts in repeats(self.take(sch, number)) {
                let Some(order) = self.ei(parts, kind, Some(code)) else { continue };
                orders.push(Tree::from([("type", "ServiceRequest".into()), ("identifier", order.tree)]));
            }
        }
        appointment.fill_all("basedOn", orders);
        let (key, also) = self.appointment_key(sch, placer.as_ref(), filler.as_ref(), start.as_deref(), patient_token);
        let is_assumed = status.is_none() && trigger != "S12";
        Booking { key, appointment, start, end, minutes, is_assumed, also, comments: Vec::new(), has_resources: false }
    }

    /// The filler's number, else the placer's; each occurrence of a series is an appointment of its own.
    fn appointment_key(
        &self,
        sch: Segment<'m>,
        placer: Option<&Identified>,
        filler: Option<&Identified>,
        start: Option<&str>,
        patient_token: Option<&str>,
    ) -> (Key, Option<Key>) {
        let occurrence = self.field_text(sch, 3);
        let of = |number: &Identified| match &occurrence {
            Some(occurrence) => {
                Some(self.key_of("Appointment", "appointment", &About::numbered(number), &[occurrence]))
            }
            None => {
                Some(Key { resource_type: "Appointment", system: number.system.clone()?, value: number.value.clone() })
            }
        };
        let known = filler.or(placer).and_then(of);
        let also = filler.and(placer).and_then(of);
        match known {
            Some(key) => (key, also),
            None => {
                self.warn(
                    *sch.field(2),
                    "no appointment number: a change of this appointment cannot be told from a new one",
                );
                let content = self.content_token();
                let parts = [patient_token.unwrap_or(content), start.unwrap_or(content)];
                (self.derived_key("Appointment", "appointment-of-patient", &parts), None)
            }
        }
    }

    /// A duration in whole minutes.
    fn minutes(&self, segment: Segment<'m>, number: u16, unit: u16) -> Option<i64> {
        let amount: i64 =
            self.field_text(segment, number)?.parse().ok().filter(|amount| (1..=1_000_000).contains(amount))?;
        let unit = Parts::from(self.take(segment, unit));
        let texts = [self.text(unit.first(1)), self.text(unit.part(2))];
        let unit = match texts.iter().flatten().next() {
            None => "min",
            Some(text) if text.eq_ignore_ascii_case("m") => "min",
            Some(_) => texts.iter().flatten().find_map(|text| time_unit(text))?,
        };
        match unit {
            "s" => Some((amount + 59) / 60),
            "min" => Some(amount),
            "h" => Some(amount * 60),
            "d" => Some(amount * 60 * 24),
            _ => None,
        }
    }

    /// AIS: what is done.
    pub(super) fn booked_service(&self, ais: Segment<'m>, booking: &mut Booking) {
        if self.is_off(ais, booking) {
            return;
        }
        booking.appointment.fill_all("serviceType", self.concept(self.take(ais, 3).into(), None).into_iter().collect());
        let (start, minutes) = self.when(ais, AIS, booking);
        if booking.start.is_none() {
            booking.start = start;
        }
        booking.minutes = booking.minutes.max(minutes);
        let own = self.field_text(ais, 10).and_then(|code| appointment_status(&code));
        // Where SCH says nothing, the service does.
        if let Some(own) = own.filter(|_| booking.is_assumed) {
            booking.appointment.set("status", own);
            booking.is_assumed = false;
        }
    }

    /// AIG: a thing that is needed.
    pub(super) fn booked_thing(&self, aig: Segment<'m>, booking: &mut Booking) {
        if self.is_off(aig, booking) {
            return;
        }
        let parts = Parts::from(self.take(aig, 3));
        let Some(code) = self.text(parts.first(1)) else { return };
        let system = self.coding(parts, None).and_then(|c| c.get("system").and_then(Tree::as_str).map(str::to_owned));
        let system = system.unwrap_or_else(|| self.source_system("resource"));
        let name = self.text(parts.part(2));
        let mut device = resource("Device");
        device.push("identifier", Tree::from([("system", system.as_str().into()), ("value", code.as_str().into())]));
        if let Some(name) = &name {
            let named = Tree::from([("name", name.as_str().into()), ("type", "user-friendly-name".into())]);
            device.push("deviceName", named);
        }
        let key = Key { resource_type: "Device", system, value: code };
        let mut actor = self.put(key, Write::CreateIfAbsent, device, Vec::new());
        actor.fill("display", name);
        self.resource_of(aig, booking, actor, 4, 14, AIG);
    }

    /// AIL: where.
    pub(super) fn booked_place(&self, ail: Segment<'m>, booking: &mut Booking) {
        if self.is_off(ail, booking) {
            return;
        }
        for parts in repeats(self.take(ail, 3)) {
            let Some(actor) = self.location(parts) else { continue };
            self.resource_of(ail, booking, actor, 4, 12, AIL);
        }
    }

    /// AIP: who does it.
    pub(super) fn booked_person(&self, aip: Segment<'m>, booking: &mut Booking) {
        if self.is_off(aip, booking) {
            return;
        }
        for parts in repeats(self.take(aip, 3)) {
            let Some(actor) = self.practitioner(parts) else { continue };
            self.resource_of(aip, booking, actor, 4, 12, AIP);
        }
    }

    /// True of what is taken off the appointment (AIS-2 and the like, table 0206): it takes no part in it.
    fn is_off(&self, segment: Segment<'m>, booking: &mut Booking) -> bool {
        self.pass(segment, [1]);
        booking.has_resources = true;
        self.field_text(segment, 2).as_deref() == Some("D")
    }

    fn resource_of(
        &self,
        segment: Segment<'m>,
        booking: &mut Booking,
        actor: Tree,
        kind: u16,
        status: u16,
        when: [u16; 5],
    ) {
        let mut participant = Tree::object();
        participant.fill_all("type", self.concept(self.take(segment, kind).into(), None).into_iter().collect());
        participant.set("actor", actor);
        let own = self.field_text(segment, status);
        participant.set("status", participation(own.as_deref(), booking.status()));
        let (start, minutes) = self.when(segment, when, booking);
        let end = start.as_deref().zip(minutes).and_then(|(start, minutes)| later(start, minutes));
        let mut period = Tree::object();
        period.fill("start", start.clone());
        period.fill("end", end);
        participant.fill("period", filled(period));
        booking.appointment.push("participant", participant);
        if booking.start.is_none() {
            booking.start = start;
            booking.minutes = booking.minutes.or(minutes);
        }
    }

    /// When and how many minutes: told, else so long after the beginning.
    fn when(
        &self,
        segment: Segment<'m>,
        [start, offset, offset_unit, duration, duration_unit]: [u16; 5],
        booking: &Booking,
    ) -> (Option<String>, Option<i64>) {
        let told = self.instant(self.take(segment, start).into());
        let after = self.minutes(segment, offset, offset_unit);
        let start = told.or_else(|| later(booking.start.as_deref()?, after?));
        (start, self.minutes(segment, duration, duration_unit))
    }

    /// NTE behind SCH or AIS.
    pub(super) fn booking_comment(&self, nte: Segment<'m>, booking: &mut Booking) {
        self.pass(nte, [1, 2]);
        booking.comments.extend(repeats(self.take(nte, 3)).filter_map(|parts| self.text(parts.whole())));
    }

    /// A diagnosis that it is for.
    pub(super) fn booking_reason(&self, booking: &mut Booking, condition: &Key) {
        booking.appointment.push("reasonReference", self.reference(condition));
    }

    /// Puts it.
    pub(super) fn put_booking(&self, booking: Booking) -> Key {
        let Booking { key, mut appointment, start, end, minutes, is_assumed, also, comments, has_resources } = booking;
        let end = end.or_else(|| later(start.as_deref()?, minutes?));
        appointment.fill("start", start);
        appointment.fill("end", end);
        appointment.fill("minutesDuration", minutes);
        appointment.fill("comment", (!comments.is_empty()).then(|| comments.join("\n")));
        if appointment.get("participant").is_none() {
            let nobody = Tree::from([("text", "not given".into())]);
            let status = ("status", Tree::from("needs-action"));
            appointment.push("participant", Tree::from([("type", vec![nobody].into()), status]));
        }
        self.put(key.clone(), Write::Update, appointment, Vec::new());
        if is_assumed {
            self.assume(&key, "status");
        }
        if !has_resources {
            // Who was booked is still, where a message does not say who is.
            self.assume(&key, "participant");
        }
        if let Some(also) = also {
            self.known_too(&key, also);
        }
        key
    }
}

impl Booking {
    /// Who comes.
    pub(super) fn attends(&mut self, patient: Tree) {
        let status = participation(None, self.status());
        self.appointment.push("participant", Tree::from([("actor", patient), ("status", status.into())]));
    }

    fn status(&self) -> &str {
        self.appointment.get("status").and_then(Tree::as_str).unwrap_or("booked")
    }
}

#[cfg(test)]
mod tests {
    use super::later;

    #[test]
    fn an_end_is_so_many_minutes_behind_the_start() {
        assert_eq!(later("2024-02-28T23:50:00+08:00", 20).as_deref(), Some("2024-02-29T00:10:00+08:00"));
        assert_eq!(later("2024-02-28T23:50:00.25-05:00", 5).as_deref(), Some("2024-02-28T23:55:00-05:00"));
        assert_eq!(later("2024-02-28", 5), None);
        assert_eq!(later("9999-12-31T23:59:00+00:00", 5), None);
    }
}
