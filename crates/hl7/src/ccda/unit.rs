//! Units that are written like another unit of UCUM: `F` of a body temperature is no farad, `K/uL` no kelvin.

use fhir::ucum::{Unit, comparable};

/// What was measured, as far as it tells units apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Measured {
    Temperature,
    Weight,
    Length,
    Anything,
}

/// LOINC codes of measurements whose kind of unit is known.
const CODES: &[(Measured, &[&str])] = &[
    (
        Measured::Temperature,
        &[
            "8310-5", "8328-7", "8329-5", "8330-3", "8331-1", "8332-9", "8333-7", "8334-5", "11289-6", "60830-7",
            "60834-9", "60835-6", "60836-4", "60838-0", "61008-9", "75539-7", "75987-8", "76010-8", "76011-6",
            "76278-1", "98657-0",
        ],
    ),
    (
        Measured::Weight,
        &[
            "29463-7", "3141-9", "3142-7", "8335-2", "8336-0", "8337-8", "8339-4", "8340-2", "8341-0", "8344-4",
            "8346-9", "8351-9", "75292-3",
        ],
    ),
    (
        Measured::Length,
        &[
            "8302-2", "8301-4", "8303-0", "8305-5", "8306-3", "8307-1", "8308-9", "3137-7", "3138-5", "8280-0",
            "8287-5", "9843-4", "56086-2",
        ],
    ),
];

/// What a measurement's units mean that UCUM reads otherwise, or not at all.
const OF_MEASURED: &[(Measured, &[&str], &str)] = &[
    (Measured::Temperature, &["f", "degf", "deg f", "°f", "fahrenheit"], "[degF]"),
    (Measured::Temperature, &["c", "degc", "deg c", "°c", "celsius", "centigrade"], "Cel"),
    (Measured::Weight, &["g", "gm", "gram", "grams"], "g"),
    (Measured::Weight, &["kg", "kgs", "kilogram", "kilograms"], "kg"),
    (Measured::Weight, &["lb", "lbs", "pound", "pounds"], "[lb_av]"),
    (Measured::Weight, &["oz", "ounce", "ounces"], "[oz_av]"),
    (Measured::Length, &["cm", "cms", "centimeter", "centimeters"], "cm"),
    (Measured::Length, &["m", "meter", "meters"], "m"),
    (Measured::Length, &["in", "inch", "inches", "\""], "[in_i]"),
    (Measured::Length, &["ft", "feet", "foot", "'"], "[ft_i]"),
];

/// Counts by the thousand, whose K UCUM reads as kelvin.
const COUNTS: &[(&str, &str)] = &[
    ("K/uL", "10*3/uL"),
    ("K/ul", "10*3/uL"),
    ("K/UL", "10*3/uL"),
    ("K/mcL", "10*3/uL"),
    ("K/µL", "10*3/uL"),
    ("K/mm3", "10*3/mm3"),
    ("K/mL", "10*3/mL"),
    ("K/L", "10*3/L"),
    ("M/uL", "10*6/uL"),
    ("M/ul", "10*6/uL"),
    ("M/UL", "10*6/uL"),
    ("M/mcL", "10*6/uL"),
    ("M/µL", "10*6/uL"),
    ("M/mm3", "10*6/mm3"),
    ("G/dL", "g/dL"),
    ("G/DL", "g/dL"),
];

impl Measured {
    /// By the LOINC code of the measurement.
    pub(super) fn by(loinc: &str) -> Measured {
        CODES.iter().find(|(_, codes)| codes.contains(&loinc)).map_or(Measured::Anything, |(measured, _)| *measured)
    }

    /// What it is, if `unit` is one of UCUM and of another kind.
    pub(super) fn contradicted_by(self, unit: &str) -> Option<&'static str> {
        let (base, what) = match self {
            Measured::Temperature => ("K", "a temperature"),
            Measured::Weight => ("g", "a weight"),
            Measured::Length => ("m", "a length"),
            Measured::Anything => return None,
        };
        (Unit::parse(unit).is_some() && !comparable(unit, base)).then_some(what)
    }
}

/// The UCUM unit that is meant where `unit` is another of UCUM or none; `None` if it means what it says.
pub(super) fn meant(unit: &str, measured: Measured) -> Option<&'static str> {
    if let Some((_, meant)) = COUNTS.iter().find(|(known, _)| *known == unit) {
        return Some(meant);
    }
    let lower = unit.to_lowercase();
    let found = OF_MEASURED.iter().find(|(of, names, _)| *of == measured && names.contains(&lower.as_str()));
    found.map(|(_, _, meant)| *meant).filter(|meant| *meant != unit)
}

#[cfg(test)]
mod tests {
    use super::{CODES, COUNTS, Measured, OF_MEASURED, meant};

    #[test]
    fn what_is_measured_tells_units_apart_that_are_written_alike() {
        for (loinc, unit, expected) in [
            ("8310-5", "F", Some("[degF]")),
            ("8310-5", "C", Some("Cel")),
            ("8310-5", "Cel", None),
            ("2823-3", "F", None),
            ("29463-7", "KG", Some("kg")),
            ("29463-7", "kg", None),
            ("8302-2", "in", Some("[in_i]")),
            ("6690-2", "K/uL", Some("10*3/uL")),
            ("718-7", "G/dL", Some("g/dL")),
            ("718-7", "g/dL", None),
        ] {
            assert_eq!(meant(unit, Measured::by(loinc)), expected, "{loinc} {unit}");
        }
        assert_eq!(Measured::Temperature.contradicted_by("mm[Hg]"), Some("a temperature"));
        assert_eq!(Measured::Temperature.contradicted_by("[degF]"), None);
        assert_eq!(Measured::Length.contradicted_by("[in_i]"), None);
        assert_eq!(Measured::Anything.contradicted_by("F"), None);
    }

    #[test]
    fn every_unit_that_is_meant_is_one_of_ucum_and_of_its_kind() {
        for (measured, _, unit) in OF_MEASURED {
            assert!(fhir::ucum::Unit::parse(unit).is_some() && measured.contradicted_by(unit).is_none(), "{unit}");
        }
        for (_, unit) in COUNTS {
            assert!(fhir::ucum::Unit::parse(unit).is_some(), "{unit}");
        }
        assert!(CODES.iter().all(|(_, codes)| codes.iter().all(|code| code.contains('-'))));
    }
}
