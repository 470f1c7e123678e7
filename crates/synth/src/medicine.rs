//! Medicines and how they are given.

use crate::code::{Code, System};

/// A medicine with its usual dose.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Medicine {
    pub(crate) code: Code,
    /// Amount and UCUM unit of a dose.
    pub(crate) dose: (&'static str, &'static str),
    pub(crate) times_a_day: u8,
    pub(crate) route: Route,
}

/// How it gets in.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Route {
    Oral,
    Intravenous,
    Subcutaneous,
    Inhaled,
}

impl Route {
    pub(crate) fn code(self) -> Code {
        let (code, text) = match self {
            Route::Oral => ("26643006", "Oral route"),
            Route::Intravenous => ("47625008", "Intravenous route"),
            Route::Subcutaneous => ("34206005", "Subcutaneous route"),
            Route::Inhaled => ("447694001", "Respiratory tract route"),
        };
        Code::new(System::Snomed, code, text)
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Route::Oral => "by mouth",
            Route::Intravenous => "intravenously",
            Route::Subcutaneous => "under the skin",
            Route::Inhaled => "inhaled",
        }
    }
}

const fn medicine(
    atc: &'static str,
    name: &'static str,
    dose: (&'static str, &'static str),
    times_a_day: u8,
    route: Route,
) -> Medicine {
    Medicine { code: Code::new(System::Atc, atc, name), dose, times_a_day, route }
}

pub(crate) const METFORMIN: Medicine = medicine("A10BA02", "metformin", ("1000", "mg"), 2, Route::Oral);
pub(crate) const ASPIRIN: Medicine = medicine("B01AC06", "aspirin", ("75", "mg"), 1, Route::Oral);
pub(crate) const TICAGRELOR: Medicine = medicine("B01AC24", "ticagrelor", ("90", "mg"), 2, Route::Oral);
pub(crate) const ATORVASTATIN: Medicine = medicine("C10AA05", "atorvastatin", ("40", "mg"), 1, Route::Oral);
pub(crate) const BISOPROLOL: Medicine = medicine("C07AB07", "bisoprolol", ("2.5", "mg"), 1, Route::Oral);
pub(crate) const RAMIPRIL: Medicine = medicine("C09AA05", "ramipril", ("5", "mg"), 1, Route::Oral);
pub(crate) const AMLODIPINE: Medicine = medicine("C08CA01", "amlodipine", ("5", "mg"), 1, Route::Oral);
pub(crate) const FUROSEMIDE: Medicine = medicine("C03CA01", "furosemide", ("40", "mg"), 2, Route::Intravenous);
pub(crate) const FUROSEMIDE_ORAL: Medicine = medicine("C03CA01", "furosemide", ("40", "mg"), 1, Route::Oral);
pub(crate) const SPIRONOLACTONE: Medicine = medicine("C03DA01", "spironolactone", ("25", "mg"), 1, Route::Oral);
pub(crate) const WARFARIN: Medicine = medicine("B01AA03", "warfarin", ("3", "mg"), 1, Route::Oral);
pub(crate) const ENOXAPARIN: Medicine = medicine("B01AB05", "enoxaparin", ("40", "mg"), 1, Route::Subcutaneous);
pub(crate) const TAZOBACTAM: Medicine =
    medicine("J01CR05", "piperacillin and tazobactam", ("4.5", "g"), 3, Route::Intravenous);
pub(crate) const MEROPENEM: Medicine = medicine("J01DH02", "meropenem", ("1", "g"), 3, Route::Intravenous);
pub(crate) const CEFTRIAXONE: Medicine = medicine("J01DD04", "ceftriaxone", ("2", "g"), 1, Route::Intravenous);
pub(crate) const NITROFURANTOIN: Medicine = medicine("J01XE01", "nitrofurantoin", ("100", "mg"), 2, Route::Oral);
pub(crate) const NOREPINEPHRINE: Medicine = medicine("C01CA03", "norepinephrine", ("4", "mg"), 2, Route::Intravenous);
pub(crate) const GLARGINE: Medicine = medicine("A10AE04", "insulin glargine", ("18", "[iU]"), 1, Route::Subcutaneous);
pub(crate) const ASPART: Medicine = medicine("A10AB05", "insulin aspart", ("6", "[iU]"), 3, Route::Subcutaneous);
pub(crate) const PANTOPRAZOLE: Medicine = medicine("A02BC02", "pantoprazole", ("40", "mg"), 2, Route::Intravenous);
pub(crate) const OMEPRAZOLE: Medicine = medicine("A02BC01", "omeprazole", ("20", "mg"), 1, Route::Oral);
pub(crate) const IBUPROFEN: Medicine = medicine("M01AE01", "ibuprofen", ("400", "mg"), 3, Route::Oral);
pub(crate) const IRON: Medicine = medicine("B03AA07", "ferrous sulfate", ("325", "mg"), 1, Route::Oral);
pub(crate) const PARACETAMOL: Medicine = medicine("N02BE01", "paracetamol", ("1", "g"), 4, Route::Oral);
pub(crate) const SALBUTAMOL: Medicine = medicine("R03AC02", "salbutamol", ("2.5", "mg"), 4, Route::Inhaled);
pub(crate) const TIOTROPIUM: Medicine = medicine("R03BB04", "tiotropium", ("18", "ug"), 1, Route::Inhaled);
pub(crate) const FLUTICASONE: Medicine = medicine("R03BA05", "fluticasone", ("100", "ug"), 2, Route::Inhaled);
pub(crate) const PREDNISOLONE: Medicine = medicine("H02AB06", "prednisolone", ("40", "mg"), 1, Route::Oral);

pub(crate) const PREDNISOLONE_CHILD: Medicine = medicine("H02AB06", "prednisolone", ("20", "mg"), 1, Route::Oral);

impl Medicine {
    /// The dose in words.
    pub(crate) fn instruction(&self) -> String {
        let (amount, unit) = self.dose;
        let unit = match unit {
            "[iU]" => "units",
            "ug" => "microgram",
            unit => unit,
        };
        let often = match self.times_a_day {
            1 => "once a day".to_owned(),
            2 => "twice a day".to_owned(),
            n => format!("{n} times a day"),
        };
        format!("{amount} {unit} {} {often}", self.route.word())
    }
}
