//! What a column is of: the roles that names, values and joins give it.

/// What a column is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Which patient.
    Patient,
    /// Which visit or stay.
    Encounter,
    /// A name as a whole.
    FullName,
    /// A family name.
    FamilyName,
    /// A given name.
    GivenName,
    /// Administrative sex.
    Sex,
    /// Date or year of birth.
    Birth,
    /// Date of death.
    Death,
    /// A telephone number.
    Phone,
    /// An electronic mail address.
    Email,
    /// A line of an address.
    Address,
    /// A city.
    City,
    /// A state or province.
    State,
    /// A postal code.
    Postal,
    /// A country.
    Country,
    /// A national number of a person.
    National,
    /// Marital state.
    Marital,
    /// When something began.
    Start,
    /// When something ended.
    End,
    /// When something was.
    Time,
    /// Minutes from something else.
    Offset,
    /// The kind of a visit.
    Class,
    /// A state of something.
    Status,
    /// A code.
    Code,
    /// What a code means.
    Label,
    /// A result.
    Value,
    /// The number in a result.
    ValueNumber,
    /// Its unit.
    Unit,
    /// Bounds of what is normal.
    RangeText,
    /// The lower bound.
    RangeLow,
    /// The upper bound.
    RangeHigh,
    /// Whether a result is abnormal.
    Flag,
    /// A diagnosis.
    Diagnosis,
    /// How sure a diagnosis is.
    Certainty,
    /// A drug.
    Drug,
    /// A dose.
    Dose,
    /// The unit of a dose.
    DoseUnit,
    /// How a drug is given.
    Route,
    /// How often.
    Frequency,
    /// A procedure.
    Procedure,
    /// What somebody is allergic to.
    Allergen,
    /// A vaccine.
    Vaccine,
    /// Words of a report.
    Note,
    /// A person of the staff.
    Practitioner,
    /// A department or ward.
    Department,
    /// A hospital.
    Organization,
    /// The number of a row among its like.
    Sequence,
}

impl Role {
    /// What it is, in words.
    pub fn words(self) -> &'static str {
        match self {
            Role::Patient => "patient",
            Role::Encounter => "visit",
            Role::FullName => "name",
            Role::FamilyName => "family name",
            Role::GivenName => "given name",
            Role::Sex => "sex",
            Role::Birth => "birth",
            Role::Death => "death",
            Role::Phone => "telephone",
            Role::Email => "e-mail",
            Role::Address => "address",
            Role::City => "city",
            Role::State => "state",
            Role::Postal => "postal code",
            Role::Country => "country",
            Role::National => "national number",
            Role::Marital => "marital state",
            Role::Start => "start",
            Role::End => "end",
            Role::Time => "time",
            Role::Offset => "minutes from something",
            Role::Class => "kind of visit",
            Role::Status => "status",
            Role::Code => "code",
            Role::Label => "label",
            Role::Value => "value",
            Role::ValueNumber => "number",
            Role::Unit => "unit",
            Role::RangeText => "reference range",
            Role::RangeLow => "lower bound",
            Role::RangeHigh => "upper bound",
            Role::Flag => "flag",
            Role::Diagnosis => "diagnosis",
            Role::Certainty => "certainty",
            Role::Drug => "drug",
            Role::Dose => "dose",
            Role::DoseUnit => "unit of the dose",
            Role::Route => "route",
            Role::Frequency => "frequency",
            Role::Procedure => "procedure",
            Role::Allergen => "allergen",
            Role::Vaccine => "vaccine",
            Role::Note => "words",
            Role::Practitioner => "staff",
            Role::Department => "department",
            Role::Organization => "hospital",
            Role::Sequence => "number within",
        }
    }

    /// Whether it is a person's own, such as a name or a telephone: it tells no rows apart, even where no two are the same yet.
    pub(in crate::profile) fn is_personal(self) -> bool {
        use Role::{Birth, Death, Email, FamilyName, FullName, GivenName, Phone, Sex};
        matches!(self, FullName | FamilyName | GivenName | Sex | Birth | Death | Phone | Email)
    }

    /// Whether it is where somebody lives; a table of cities has such things for keys.
    pub(in crate::profile) fn is_of_address(self) -> bool {
        matches!(self, Role::Address | Role::City | Role::State | Role::Postal | Role::Country)
    }
}
