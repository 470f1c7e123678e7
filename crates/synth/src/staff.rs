//! The hospital, its wards, and who works there.

/// The identifier systems of the hospital, the same in messages and in FHIR.
pub(crate) mod system {
    pub(crate) const PATIENT: &str = "http://hospital.example/ids/patient";
    pub(crate) const VISIT: &str = "http://hospital.example/ids/visit";
    pub(crate) const STAFF: &str = "http://hospital.example/ids/staff";
    pub(crate) const ORGANIZATION: &str = "http://hospital.example/ids/organization";
    pub(crate) const LOCATION: &str = "http://hospital.example/ids/location";
    pub(crate) const ORDER: &str = "http://hospital.example/ids/order";
    pub(crate) const RESULT: &str = "http://hospital.example/ids/laboratory-order";
    pub(crate) const DOCUMENT: &str = "http://hospital.example/ids/document";
    pub(crate) const PROBLEM: &str = "http://hospital.example/ids/problem";
    pub(crate) const ALLERGY: &str = "http://hospital.example/ids/allergy";
    pub(crate) const PRESCRIPTION: &str = "http://hospital.example/ids/prescription";
    pub(crate) const ADMINISTRATION: &str = "http://hospital.example/ids/administration";
    pub(crate) const VITALS: &str = "http://hospital.example/ids/charting";
}

/// The hospital's short name in messages.
pub(crate) const FACILITY: &str = "WEAVERTON";
/// Its name.
pub(crate) const HOSPITAL: &str = "Weaverton General Hospital";
/// Its identifier.
pub(crate) const HOSPITAL_ID: &str = "WGH";

/// Somebody who treats patients.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clinician {
    pub(crate) id: &'static str,
    pub(crate) family: &'static str,
    pub(crate) given: &'static str,
    pub(crate) prefix: &'static str,
}

#[rustfmt::skip]
pub(crate) const CLINICIANS: [Clinician; 7] = [
    Clinician { id: "D101", family: "Haverstock", given: "Juno", prefix: "Dr" },
    Clinician { id: "D102", family: "颜", given: "若水", prefix: "Dr" },
    Clinician { id: "D103", family: "Petrossian", given: "Anahit", prefix: "Dr" },
    Clinician { id: "D104", family: "费", given: "明哲", prefix: "Dr" },
    Clinician { id: "D105", family: "Blakeway", given: "Tobias", prefix: "Dr" },
    Clinician { id: "N201", family: "Quillfeather", given: "Maeve", prefix: "" },
    Clinician { id: "N202", family: "于", given: "青禾", prefix: "" },
];

/// A ward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ward {
    Emergency,
    Intensive,
    Cardiac,
    Medicine,
    Surgery,
    Children,
    Clinic,
}

impl Ward {
    /// PL.1.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Ward::Emergency => "ED",
            Ward::Intensive => "ICU",
            Ward::Cardiac => "CCU",
            Ward::Medicine => "7E",
            Ward::Surgery => "5W",
            Ward::Children => "PAED",
            Ward::Clinic => "OPD",
        }
    }

    /// Table 0069, as far as it goes.
    pub(crate) fn service(self) -> &'static str {
        match self {
            Ward::Emergency | Ward::Medicine | Ward::Intensive | Ward::Clinic => "MED",
            Ward::Cardiac => "CAR",
            Ward::Surgery => "SUR",
            Ward::Children => "PED",
        }
    }

    /// Who leads it.
    pub(crate) fn lead(self) -> &'static Clinician {
        &CLINICIANS[match self {
            Ward::Emergency => 4,
            Ward::Intensive => 0,
            Ward::Cardiac => 2,
            Ward::Medicine => 1,
            Ward::Surgery => 3,
            Ward::Children => 1,
            Ward::Clinic => 3,
        }]
    }
}

/// Units of the hospital that no stay names: identifier and name.
pub(crate) const SERVICES: [(&str, &str); 3] =
    [("LAB", "Central laboratory"), ("PHARM", "Hospital pharmacy"), ("VACC", "Vaccination clinic")];
