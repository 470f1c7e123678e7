//! A cohort definition, as Circe writes it in JSON.

use super::criterion::Criterion;
use super::demographic::Demographic;
use super::json::{Node, Object, refused};
use crate::error::Error;
use jiff::civil::Date;
use serde_json::Value;

/// Who is in a cohort, and from when to when.
#[derive(Clone, Debug)]
pub struct Definition {
    pub(super) concept_sets: Vec<ConceptSet>,
    pub(super) primary: Vec<Criterion>,
    pub(super) prior_days: i32,
    pub(super) post_days: i32,
    pub(super) primary_limit: Limit,
    pub(super) additional: Option<Group>,
    pub(super) qualified_limit: Limit,
    pub(super) rules: Vec<Rule>,
    pub(super) expression_limit: Limit,
    pub(super) end: End,
    pub(super) censoring: Vec<Criterion>,
    pub(super) era_pad: i32,
    pub(super) censor_start: Option<Date>,
    pub(super) censor_end: Option<Date>,
}

/// Concepts that belong together.
#[derive(Clone, Debug)]
pub(super) struct ConceptSet {
    pub(super) id: i64,
    pub(super) items: Vec<ConceptItem>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct ConceptItem {
    pub(super) concept: i64,
    pub(super) is_excluded: bool,
    pub(super) descendants: bool,
    pub(super) mapped: bool,
}

/// Which events of a person are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limit {
    All,
    First,
    Last,
}

/// An inclusion rule.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) name: String,
    pub(super) group: Group,
}

/// How many of its parts must hold.
#[derive(Clone, Copy, Debug)]
pub(super) enum Needed {
    All,
    Any,
    AtLeast(u64),
    AtMost(u64),
}

/// Criteria that are looked at together, around an event.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) needed: Needed,
    pub(super) criteria: Vec<Correlated>,
    pub(super) demographics: Vec<Demographic>,
    pub(super) groups: Vec<Group>,
}

impl Group {
    pub(super) fn len(&self) -> usize {
        self.criteria.len() + self.demographics.len() + self.groups.len()
    }
}

/// Events that must occur so many times around another.
#[derive(Clone, Debug)]
pub(super) struct Correlated {
    pub(super) criterion: Criterion,
    pub(super) start: Window,
    pub(super) end: Option<Window>,
    pub(super) same_visit: bool,
    pub(super) outside_observation: bool,
    pub(super) count: Count,
}

/// How often.
#[derive(Clone, Copy, Debug)]
pub(super) struct Count {
    pub(super) compare: Compare,
    pub(super) times: u64,
    /// Whether different values of the criterion's extra column are counted.
    pub(super) is_distinct: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Compare {
    Exactly,
    AtMost,
    AtLeast,
}

/// Days around an event; the ends of the observation period where there are none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub(super) from: Point,
    pub(super) to: Point,
    pub(super) of_index_end: bool,
    pub(super) of_event_end: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Point {
    Days(i32),
    ObservationStart,
    ObservationEnd,
}

/// When somebody leaves the cohort.
#[derive(Clone, Copy, Debug)]
pub(super) enum End {
    /// With the observation period.
    Observation,
    /// Days after the event's start or end.
    Offset { of_end: bool, days: i32 },
    /// With the end of a continuous exposure to drugs.
    Exposure { drugs: i64, gap_days: i32, offset_days: i32, supply_days: Option<i32> },
}

impl Definition {
    /// Reads a definition: the expression itself, or one that ATLAS exported, in `expression`.
    ///
    /// # Errors
    /// What is no definition, or not among what is understood here, by its path in the JSON.
    pub fn read(text: &str) -> Result<Definition, Error> {
        let value: Value = serde_json::from_str(text)
            .map_err(|error| Error::definition("the definition", format!("is no JSON: {error}")))?;
        if value.get("PrimaryCriteria").is_none() {
            match value.get("expression") {
                Some(Value::String(inner)) => return Definition::read(inner),
                Some(inner) => return Definition::of(&Node::root(inner)),
                None => {}
            }
        }
        Definition::of(&Node::root(&value))
    }

    fn of(node: &Node<'_>) -> Result<Definition, Error> {
        let root = node.object()?;
        root.ignore(&["Title", "cdmVersionRange"]);
        let concept_sets = root.list("ConceptSets")?.iter().map(concept_set).collect::<Result<Vec<_>, _>>()?;
        for (at, set) in concept_sets.iter().enumerate() {
            if concept_sets[..at].iter().any(|other| other.id == set.id) {
                let place = format!("{}[{at}].id", root.member("ConceptSets"));
                return Err(Error::definition(place, format!("there is a concept set {} already", set.id)));
            }
        }
        let known = |id: i64| concept_sets.iter().any(|set| set.id == id);
        let reading = Reading { known: &known };
        let primary = root.must("PrimaryCriteria")?.object()?;
        let criteria = reading.criteria(&primary, "CriteriaList")?;
        if criteria.is_empty() {
            return Err(Error::definition(primary.member("CriteriaList"), "is empty: nobody would enter the cohort"));
        }
        let (mut prior_days, mut post_days) = (0, 0);
        if let Some(window) = primary.get("ObservationWindow") {
            let window = window.object()?;
            (prior_days, post_days) = (days(&window, "PriorDays")?, days(&window, "PostDays")?);
            window.end()?;
        }
        let primary_limit = limit(&primary, "PrimaryCriteriaLimit")?;
        primary.end()?;
        let rule = |node: &Node<'_>| -> Result<Rule, Error> {
            let rule = node.object()?;
            rule.ignore(&["description"]);
            let name = rule.get("name").map_or(Ok(""), |name| name.text())?.to_owned();
            let group = reading.group(&rule.must("expression")?)?;
            rule.end()?;
            Ok(Rule { name, group })
        };
        let mut era_pad = 0;
        if let Some(collapse) = root.get("CollapseSettings") {
            let collapse = collapse.object()?;
            era_pad = days(&collapse, "EraPad")?;
            if let Some(kind) = collapse.get("CollapseType")
                && !kind.text()?.eq_ignore_ascii_case("ERA")
            {
                return Err(refused(&collapse.member("CollapseType")));
            }
            collapse.end()?;
        }
        let (mut censor_start, mut censor_end) = (None, None);
        if let Some(window) = root.get("CensorWindow") {
            let window = window.object()?;
            censor_start = window.get("StartDate").map(|day| date(&day)).transpose()?;
            censor_end = window.get("EndDate").map(|day| date(&day)).transpose()?;
            window.end()?;
        }
        let definition = Definition {
            primary: criteria,
            prior_days,
            post_days,
            primary_limit,
            additional: root.get("AdditionalCriteria").map(|group| reading.group(&group)).transpose()?,
            qualified_limit: limit(&root, "QualifiedLimit")?,
            rules: root.list("InclusionRules")?.iter().map(rule).collect::<Result<_, _>>()?,
            expression_limit: limit(&root, "ExpressionLimit")?,
            end: root.get("EndStrategy").map_or(Ok(End::Observation), |end| reading.end(&end))?,
            censoring: reading.criteria(&root, "CensoringCriteria")?,
            era_pad,
            censor_start,
            censor_end,
            concept_sets: concept_sets.clone(),
        };
        root.end()?;
        Ok(definition)
    }
}

fn concept_set(node: &Node<'_>) -> Result<ConceptSet, Error> {
    let set = node.object()?;
    set.ignore(&["name"]);
    let id = set.must("id")?.whole()?;
    let expression = set.must("expression")?.object()?;
    let item = |node: &Node<'_>| -> Result<ConceptItem, Error> {
        let item = node.object()?;
        // What is said of a concept beside its id is for people.
        let concept = item.must("concept")?.object()?.must("CONCEPT_ID")?.whole()?;
        let read = ConceptItem {
            concept,
            is_excluded: item.flag("isExcluded")?,
            descendants: item.flag("includeDescendants")?,
            mapped: item.flag("includeMapped")?,
        };
        item.end()?;
        Ok(read)
    };
    let items = expression.list("items")?.iter().map(item).collect::<Result<_, _>>()?;
    expression.end()?;
    set.end()?;
    Ok(ConceptSet { id, items })
}

/// A number of days of a member; none is 0.
fn days(of: &Object<'_>, name: &str) -> Result<i32, Error> {
    let Some(node) = of.get(name) else { return Ok(0) };
    i32::try_from(node.whole()?).map_err(|_| node.wrong("is too many days"))
}

/// A day, as ATLAS writes it.
pub(super) fn date(node: &Node<'_>) -> Result<Date, Error> {
    let text = node.text()?;
    let parts: Vec<&str> = text.split('-').collect();
    let day = || {
        let [year, month, day] = parts[..] else { return None };
        // A time of day may follow, as in a timestamp of JavaScript.
        let day = day.split('T').next()?;
        Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
    };
    day().ok_or_else(|| node.wrong(format!("{text:?} is no date (2020-01-31)")))
}

fn limit(of: &Object<'_>, name: &str) -> Result<Limit, Error> {
    // One that is not given is the first, as in Circe.
    let Some(node) = of.get(name) else { return Ok(Limit::First) };
    let limit = node.object()?;
    let Some(kind) = limit.get("Type") else {
        limit.end()?;
        return Ok(Limit::First);
    };
    let read = match kind.text()?.to_uppercase().as_str() {
        "ALL" => Limit::All,
        "FIRST" => Limit::First,
        "LAST" => Limit::Last,
        _ => return Err(refused(&limit.member("Type"))),
    };
    limit.end()?;
    Ok(read)
}

/// Reads criteria; knows which concept sets there are.
pub(super) struct Reading<'d> {
    pub(super) known: &'d dyn Fn(i64) -> bool,
}

impl Reading<'_> {
    /// A concept set that is named.
    pub(super) fn set(&self, node: &Node<'_>) -> Result<i64, Error> {
        let id = node.whole()?;
        if (self.known)(id) { Ok(id) } else { Err(node.wrong(format!("there is no concept set {id}"))) }
    }

    fn criteria(&self, of: &Object<'_>, name: &str) -> Result<Vec<Criterion>, Error> {
        of.list(name)?.iter().map(|node| Criterion::read(self, node, None)).collect()
    }

    pub(super) fn group(&self, node: &Node<'_>) -> Result<Group, Error> {
        let group = node.object()?;
        let count = |needed: fn(u64) -> Needed| -> Result<Needed, Error> {
            let node = group.must("Count")?;
            Ok(needed(u64::try_from(node.whole()?).map_err(|_| node.wrong("must not be below 0"))?))
        };
        let kind = group.must("Type")?;
        let needed = match kind.text()?.to_uppercase().as_str() {
            "ALL" => Needed::All,
            "ANY" => Needed::Any,
            "AT_LEAST" => count(Needed::AtLeast)?,
            "AT_MOST" => count(Needed::AtMost)?,
            _ => return Err(refused(&group.member("Type"))),
        };
        group.ignore(&["Count"]);
        let correlated = |node: &Node<'_>| self.correlated(node);
        let demographic = |node: &Node<'_>| Demographic::read(self, node);
        let read = Group {
            needed,
            criteria: group.list("CriteriaList")?.iter().map(correlated).collect::<Result<_, _>>()?,
            demographics: group.list("DemographicCriteriaList")?.iter().map(demographic).collect::<Result<_, _>>()?,
            groups: group.list("Groups")?.iter().map(|node| self.group(node)).collect::<Result<_, _>>()?,
        };
        group.end()?;
        Ok(read)
    }

    fn correlated(&self, node: &Node<'_>) -> Result<Correlated, Error> {
        let object = node.object()?;
        let occurrence = object.must("Occurrence")?.object()?;
        let compare = match occurrence.must("Type")?.whole()? {
            0 => Compare::Exactly,
            1 => Compare::AtMost,
            2 => Compare::AtLeast,
            _ => return Err(refused(&occurrence.member("Type"))),
        };
        let times = occurrence.must("Count")?;
        let times = u64::try_from(times.whole()?).map_err(|_| times.wrong("must not be below 0"))?;
        let is_distinct = occurrence.flag("IsDistinct")?;
        let column = occurrence.get("CountColumn").filter(|_| is_distinct);
        occurrence.ignore(&["CountColumn"]);
        occurrence.end()?;
        let counted = match &column {
            Some(column) => Some((column.text()?, Some(column))),
            None if is_distinct => Some(("DOMAIN_CONCEPT", None)),
            None => None,
        };
        let criterion = Criterion::read(self, &object.must("Criteria")?, counted)?;
        let read = Correlated {
            criterion,
            start: window(&object.must("StartWindow")?, false)?,
            end: object.get("EndWindow").map(|node| window(&node, true)).transpose()?,
            same_visit: object.flag("RestrictVisit")?,
            outside_observation: object.flag("IgnoreObservationPeriod")?,
            count: Count { compare, times, is_distinct },
        };
        object.end()?;
        Ok(read)
    }

    fn end(&self, node: &Node<'_>) -> Result<End, Error> {
        let end = node.object()?;
        let read = if let Some(offset) = end.get("DateOffset") {
            let offset = offset.object()?;
            let field = offset.must("DateField")?;
            let of_end = match field.text()? {
                "EndDate" => true,
                "StartDate" => false,
                _ => return Err(refused(&offset.member("DateField"))),
            };
            let read = End::Offset { of_end, days: days(&offset, "Offset")? };
            offset.end()?;
            read
        } else if let Some(era) = end.get("CustomEra") {
            let era = era.object()?;
            let read = End::Exposure {
                drugs: self.set(&era.must("DrugCodesetId")?)?,
                gap_days: days(&era, "GapDays")?,
                offset_days: days(&era, "Offset")?,
                supply_days: if era.get("DaysSupplyOverride").is_some() {
                    Some(days(&era, "DaysSupplyOverride")?)
                } else {
                    None
                },
            };
            era.end()?;
            read
        } else {
            End::Observation
        };
        end.end()?;
        Ok(read)
    }
}

fn window(node: &Node<'_>, is_end: bool) -> Result<Window, Error> {
    let window = node.object()?;
    let point = |name: &str| -> Result<Point, Error> {
        let point = window.must(name)?.object()?;
        let sign = point.must("Coeff")?.whole()?;
        if sign != 1 && sign != -1 {
            return Err(refused(&point.member("Coeff")));
        }
        let read = if point.get("Days").is_some() {
            Point::Days(days(&point, "Days")? * sign as i32)
        } else if sign == -1 {
            Point::ObservationStart
        } else {
            Point::ObservationEnd
        };
        point.end()?;
        Ok(read)
    };
    let read = Window {
        from: point("Start")?,
        to: point("End")?,
        of_index_end: window.flag("UseIndexEnd")?,
        // The window of the end is about the end of the event if it does not say.
        of_event_end: window.get("UseEventEnd").map_or(Ok(is_end), |node| node.flag())?,
    };
    window.end()?;
    Ok(read)
}
