//! Which concepts the codings of an element become, and which table that leads to.

use super::book::CodeBook;
use super::system::CONCEPT_SYSTEM;

/// A table that events go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// `condition_occurrence`
    Condition,
    /// `drug_exposure`
    Drug,
    /// `procedure_occurrence`
    Procedure,
    /// `device_exposure`
    Device,
    /// `measurement`
    Measurement,
    /// `observation`
    Observation,
    /// `observation`, with the substance as its value: an allergy to a drug is no exposure to it.
    Allergy,
}

/// What the codings of an element become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Rows: of one code that maps to several standard concepts, several.
    pub rows: Vec<Chosen>,
    /// The concept of the code itself; 0 if there is none.
    pub source_concept_id: i64,
    /// The code, or what stands for it.
    pub source_value: Option<String>,
}

/// A row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// The standard concept; 0 if the code maps to none.
    pub concept_id: i64,
    /// The value that it implies.
    pub value_as_concept_id: Option<i64>,
    /// Where it goes.
    pub place: Place,
    /// Its number among the rows.
    pub ordinal: u8,
}

/// SNOMED's *Allergy to substance*: what an allergy is where its code names the substance alone.
const ALLERGY: &str = "http://snomed.info/sct|419199007";

impl Place {
    /// The table.
    pub fn table(self) -> &'static str {
        match self {
            Place::Condition => "condition_occurrence",
            Place::Drug => "drug_exposure",
            Place::Procedure => "procedure_occurrence",
            Place::Device => "device_exposure",
            Place::Measurement => "measurement",
            Place::Observation | Place::Allergy => "observation",
        }
    }

    /// The place by the name that views give it.
    pub fn from_name(name: &str) -> Option<Place> {
        match name {
            "condition" => Some(Place::Condition),
            "drug" => Some(Place::Drug),
            "procedure" => Some(Place::Procedure),
            "device" => Some(Place::Device),
            "measurement" => Some(Place::Measurement),
            "observation" => Some(Place::Observation),
            "allergy" => Some(Place::Allergy),
            _ => None,
        }
    }

    /// Where concepts of a domain go: what has no table of its own is an observation.
    fn of_domain(domain: &str) -> Place {
        match domain {
            "Condition" => Place::Condition,
            "Drug" => Place::Drug,
            "Procedure" => Place::Procedure,
            "Device" => Place::Device,
            "Measurement" => Place::Measurement,
            _ => Place::Observation,
        }
    }
}

/// What codings (`system|code`, in the order of the resource) become. A concept id that came with them counts most: the sender
/// said what it is. Else the first that is a standard concept, else the first that maps to some. The source is the first that
/// is known and no standard concept, else the one that was chosen.
///
/// # Errors
/// The book cannot be read.
pub fn choose(
    book: Option<&CodeBook>,
    codings: &[&str],
    text: Option<&str>,
    default: Place,
) -> std::io::Result<Choice> {
    let given = codings.iter().find_map(|coding| CodeBook::concept_of(coding));
    let others: Vec<&str> =
        codings.iter().copied().filter(|coding| !coding.starts_with(CONCEPT_SYSTEM) && *coding != "|").collect();
    let mut known = Vec::with_capacity(others.len());
    for coding in &others {
        match book {
            Some(book) => known.push((*coding, book.targets(coding)?)),
            None => known.push((*coding, std::sync::Arc::default())),
        }
    }
    let chosen = known
        .iter()
        .find(|(_, targets)| targets.is_standard())
        .or_else(|| known.iter().find(|(_, targets)| !targets.standard.is_empty()));
    let source = known
        .iter()
        .find(|(_, targets)| targets.source.is_some() && !targets.is_standard())
        .or(chosen)
        .or_else(|| known.iter().find(|(_, targets)| targets.source.is_some()));
    let code = source.map(|(coding, _)| *coding).or_else(|| others.first().copied());
    let code =
        code.map(|coding| coding.split_once('|').map_or(coding, |(_, code)| code)).filter(|code| !code.is_empty());
    let text = text.filter(|text| !text.is_empty());
    // Who sends concept ids sends as text what his source said.
    let source_value = if given.is_some() { text.or(code) } else { code.or(text) };
    let mut rows = Vec::new();
    if let Some(concept_id) = given {
        let concept = book.map(|book| book.concept(concept_id)).transpose()?.flatten();
        let value_as_concept_id = None;
        let place = concept.map_or(default, |concept| place_of(&concept.domain, default));
        rows.push(Chosen { concept_id, value_as_concept_id, place, ordinal: 0 });
    } else if let Some((_, targets)) = chosen {
        for (at, standard) in targets.standard.iter().enumerate().take(usize::from(u8::MAX)) {
            let place = place_of(&standard.domain, default);
            let (concept_id, value_as_concept_id) = (standard.concept_id, standard.value_as_concept_id);
            rows.push(Chosen { concept_id, value_as_concept_id, place, ordinal: at as u8 });
        }
    } else {
        rows.push(Chosen { concept_id: 0, value_as_concept_id: None, place: default, ordinal: 0 });
    }
    for row in rows.iter_mut().filter(|row| row.place == Place::Allergy) {
        let substance = (row.concept_id != 0).then_some(row.concept_id);
        let allergy = book.map(|book| book.targets(ALLERGY)).transpose()?;
        row.concept_id = allergy.and_then(|allergy| allergy.standard.first().map(|s| s.concept_id)).unwrap_or(0);
        row.value_as_concept_id = row.value_as_concept_id.or(substance);
    }
    let source_concept_id = source.and_then(|(_, targets)| targets.source).unwrap_or(0);
    Ok(Choice { rows, source_concept_id, source_value: source_value.map(str::to_owned) })
}

fn place_of(domain: &str, default: Place) -> Place {
    match (default, Place::of_domain(domain)) {
        // What somebody is allergic to did not happen.
        (Place::Allergy, place @ (Place::Condition | Place::Observation)) if !domain.is_empty() => place,
        (Place::Allergy, _) => Place::Allergy,
        (_, place) => place,
    }
}
