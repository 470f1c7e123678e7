//! What the laboratory is asked for together.

use crate::code::{Code, System};
use crate::test::Test;

/// A group of tests that is ordered and reported as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Panel {
    BloodCount,
    Chemistry,
    Liver,
    Gases,
    Single(Test),
}

impl Panel {
    /// Its code.
    pub(crate) fn code(self) -> Code {
        let (code, text) = match self {
            Panel::BloodCount => ("58410-2", "Complete blood count"),
            Panel::Chemistry => ("24321-2", "Basic metabolic panel"),
            Panel::Liver => ("24325-3", "Hepatic function panel"),
            Panel::Gases => ("24336-0", "Gas panel of arterial blood"),
            Panel::Single(test) => (test.info().loinc, test.info().name),
        };
        Code::new(System::Loinc, code, text)
    }

    /// Table 0074.
    pub(crate) fn section(self) -> &'static str {
        match self {
            Panel::BloodCount | Panel::Single(Test::Inr | Test::Hba1c) => "HM",
            Panel::Gases => "BG",
            Panel::Chemistry | Panel::Liver | Panel::Single(_) => "CH",
        }
    }

    /// Its tests in the order of the report.
    pub(crate) fn tests(self) -> Vec<Test> {
        match self {
            Panel::BloodCount => vec![
                Test::Leukocytes,
                Test::Hemoglobin,
                Test::Hematocrit,
                Test::Mcv,
                Test::Platelets,
                Test::Neutrophils,
            ],
            Panel::Chemistry => vec![
                Test::Sodium,
                Test::Potassium,
                Test::Chloride,
                Test::Bicarbonate,
                Test::Urea,
                Test::Creatinine,
                Test::Gfr,
                Test::Glucose,
            ],
            Panel::Liver => vec![Test::Alt, Test::Bilirubin, Test::Albumin],
            Panel::Gases => vec![Test::Ph, Test::Pco2, Test::Po2, Test::Lactate],
            Panel::Single(test) => vec![test],
        }
    }
}
