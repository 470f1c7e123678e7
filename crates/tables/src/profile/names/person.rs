//! Words of names: who somebody is, and how they are reached.

/// A national number of a person.
pub const NATIONAL: &[&str] = &[
    "ssn",
    "social security",
    "national id",
    "nhs number",
    "id card",
    "idcard",
    "idno",
    "passport",
    "身份证",
    "证件号",
];
/// Date or year of birth.
pub const BIRTH: &[&str] = &[
    "birth",
    "born",
    "dob",
    "birthday",
    "birthdate",
    "year of birth",
    "birthtime",
    "geburtsdatum",
    "geburt",
    "gebdat",
    "geburtstag",
    "出生",
    "geb",
    "gebdatum",
    "geburtsjahr",
    "date of birth",
];
/// Date of death.
pub const DEATH: &[&str] =
    &["death", "deathdate", "died", "dod", "deceased", "death date", "verstorben", "gestorben", "todesdatum", "死亡"];
/// Administrative sex.
pub const SEX: &[&str] = &["sex", "gender", "geschlecht", "geschl", "sexe", "性别"];
/// Marital state.
pub const MARITAL: &[&str] = &["marital", "familienstand", "婚姻"];
/// A family name.
pub const FAMILY_NAME: &[&str] = &[
    "surname",
    "lastname",
    "last name",
    "family name",
    "familyname",
    "family",
    "nachname",
    "lname",
    "last",
    "familienname",
    "zuname",
];
/// A given name.
pub const GIVEN_NAME: &[&str] = &[
    "firstname",
    "first name",
    "given name",
    "givenname",
    "forename",
    "given",
    "vorname",
    "fname",
    "first",
    "rufname",
];
/// A name as a whole.
pub const FULL_NAME: &[&str] =
    &["patient name", "patientname", "full name", "fullname", "person name", "患者姓名", "病人姓名", "姓名"];
/// A telephone number.
pub const PHONE: &[&str] = &[
    "phone",
    "telephone",
    "tel",
    "mobile",
    "cell",
    "phone number",
    "telefon",
    "telefonnummer",
    "handy",
    "电话",
    "手机",
    "联系方式",
    "handynummer",
    "mobil",
    "mobiltelefon",
    "festnetz",
    "rufnummer",
];
/// An electronic mail address.
pub const EMAIL: &[&str] = &["email", "mail", "邮箱", "emailadresse"];
/// A postal code.
pub const POSTAL: &[&str] = &["zip", "postal", "postcode", "zipcode", "plz", "postleitzahl", "邮编", "邮政编码"];
/// A city.
pub const CITY: &[&str] = &["city", "town", "ort", "wohnort", "stadt", "城市", "市"];
/// A state or province.
pub const STATE: &[&str] = &["state", "province", "bundesland", "省"];
/// A country.
pub const COUNTRY: &[&str] = &["country", "nation", "国家", "国籍"];
/// A line of an address.
pub const ADDRESS: &[&str] =
    &["address", "street", "addr", "strasse", "straße", "anschrift", "adresse", "地址", "住址", "hausnummer"];
/// Which patient.
pub const PATIENT: &[&str] = &[
    "patient",
    "patientid",
    "subject",
    "subjectid",
    "person",
    "personid",
    "pid",
    "mrn",
    "pat",
    "uniquepid",
    "medical record",
    "patient no",
    "patienten",
    "patientennummer",
    "病人",
    "患者",
    "病历号",
    "病案号",
];
