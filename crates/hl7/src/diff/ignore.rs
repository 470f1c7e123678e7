//! What is not compared.

use crate::message::Place;
use std::str::FromStr;

/// A segment, a field, a repetition or a part that is not compared: `MSH-7`, `ZPI`, `PID-3[2]`, `OBX-5.1`, `OBX[3]-14`. Without a number in
/// brackets all of that name are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ignored {
    place: Place,
    /// Whether one segment of several is meant.
    is_counted: bool,
}

/// A text that names no place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} names no place of a message: write it as in MSH-7, PID-3.4, OBX[2]-5 or ZPI")]
pub struct NotIgnored(String);

impl FromStr for Ignored {
    type Err = NotIgnored;

    fn from_str(text: &str) -> Result<Ignored, NotIgnored> {
        let text = text.trim();
        let place: Place = text.to_uppercase().parse().map_err(|_| NotIgnored(text.to_owned()))?;
        let segment = text.split('-').next().unwrap_or_default();
        Ok(Ignored { place, is_counted: segment.contains('[') })
    }
}

impl Ignored {
    /// True if a place, and so all in it, is not compared.
    pub(super) fn covers(self, place: Place) -> bool {
        self.meets(place, |wanted, given| wanted == 0 || wanted == given)
    }

    /// True if a part of what is at a place is not compared.
    pub(super) fn goes_into(self, place: Place) -> bool {
        self.meets(place, |wanted, given| wanted == 0 || given == 0 || wanted == given)
    }

    fn meets(self, place: Place, fits: impl Fn(u16, u16) -> bool) -> bool {
        let wanted = self.place;
        // The first repetition is often named without its number.
        let given = if place.field > 0 { place.repeat.max(1) } else { 0 };
        wanted.segment == place.segment
            && (!self.is_counted || wanted.occurrence == place.occurrence)
            && fits(wanted.field, place.field)
            && fits(wanted.repeat, given)
            && fits(wanted.component, place.component)
            && fits(wanted.sub, place.sub)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_without_numbers_means_all_of_that_name() {
        let covers = |ignored: &str, place: &str| ignored.parse::<Ignored>().unwrap().covers(place.parse().unwrap());
        assert!(covers("MSH-7", "MSH-7") && covers("obx-5", "OBX[3]-5[2].1") && covers("ZPI", "ZPI[2]-3"));
        assert!(covers("PID-3.4", "PID-3[2].4.1") && covers("OBX[2]-5", "OBX[2]-5.1"));
        assert!(!covers("MSH-7", "MSH-10") && !covers("OBX[2]-5", "OBX-5") && !covers("PID-3.4", "PID-3.1"));
        assert!(!covers("PID-3[2]", "PID-3") && !covers("PID-3.4", "PID-3"));
        let part: Ignored = "PID-3.4".parse().unwrap();
        assert!(part.goes_into("PID-3".parse().unwrap()) && !part.goes_into("PID-5".parse().unwrap()));
        assert!("MSH7".parse::<Ignored>().is_err() && "".parse::<Ignored>().is_err());
    }
}
