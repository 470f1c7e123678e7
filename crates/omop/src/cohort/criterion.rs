//! A criterion: which rows of a table are events.

use super::concepts::Sets;
use super::definition::{Group, Reading, date};
use super::domain::{Ask, DOMAINS, Domain, Side};
use super::json::{Node, Object, refused};
use crate::error::Error;
use jiff::civil::Date;
use std::collections::BTreeSet;
use std::fmt::Write;

/// A criterion.
#[derive(Clone, Debug)]
pub(super) struct Criterion {
    domain: &'static Domain,
    set: Option<i64>,
    source_set: Option<i64>,
    is_first: bool,
    wheres: Vec<Where>,
    /// Days that are added to start and end, which may be taken from each other.
    adjusted: Option<Adjusted>,
    /// A period that takes the place of the row's.
    period: (Option<Date>, Option<Date>),
    /// A column whose different values are counted.
    counted: Option<String>,
    /// What must be around each event.
    pub(super) around: Option<Box<Group>>,
}

#[derive(Clone, Copy, Debug)]
struct Adjusted {
    start_of_end: bool,
    start_days: i32,
    end_of_end: bool,
    end_days: i32,
}

/// A condition on rows.
#[derive(Clone, Debug)]
pub(super) struct Where {
    from: Side,
    condition: Condition,
}

#[derive(Clone, Debug)]
enum Condition {
    Sql(String),
    /// The column is, or is not, in a concept set.
    InSet {
        column: &'static str,
        set: i64,
        is_not: bool,
    },
}

impl Criterion {
    /// Reads a criterion: an object with one member, its kind. `counted` is a column whose different values are counted.
    pub(super) fn read(
        reading: &Reading<'_>,
        node: &Node<'_>,
        counted: Option<(&str, Option<&Node<'_>>)>,
    ) -> Result<Criterion, Error> {
        let outer = node.object()?;
        let names: Vec<&String> = outer.names().collect();
        let [name] = names[..] else { return Err(node.wrong("must have one member, the kind of criterion")) };
        let domain = DOMAINS.iter().find(|domain| domain.name == name.as_str());
        let domain = domain.ok_or_else(|| refused(&outer.member(name)))?;
        let object = outer.must(name)?.object()?;
        let set = |member: &str| object.get(member).map(|node| reading.set(&node)).transpose();
        let mut criterion = Criterion {
            domain,
            set: if domain.concept.is_some() { set("CodesetId")? } else { None },
            source_set: domain.source.map(|(member, _)| set(member)).transpose()?.flatten(),
            is_first: domain.has_first && object.flag("First")?,
            wheres: Vec::new(),
            adjusted: object.get("DateAdjustment").map(|node| adjusted(&node)).transpose()?,
            period: (None, None),
            counted: counted.map(|(column, at)| count_column(domain, column, at)).transpose()?,
            around: None,
        };
        for (member, ask) in domain.asks {
            criterion.ask(reading, &object, member, *ask)?;
        }
        if criterion.adjusted.is_some() {
            criterion
                .wheres
                .push(Where { from: Side::Row, condition: Condition::Sql("C.end_date >= C.start_date".into()) });
        }
        if let Some(around) = object.get("CorrelatedCriteria") {
            let group = reading.group(&around)?;
            criterion.around = (group.len() > 0).then(|| Box::new(group));
        }
        object.end()?;
        Ok(criterion)
    }

    fn ask(&mut self, reading: &Reading<'_>, object: &Object<'_>, member: &str, ask: Ask) -> Result<(), Error> {
        if ask != Ask::Period {
            self.wheres.extend(wheres(reading, object, member, ask)?);
            return Ok(());
        }
        let Some(period) = object.get(member) else { return Ok(()) };
        let period = period.object()?;
        let day = |name: &str| period.get(name).map(|node| date(&node)).transpose();
        self.period = (day("StartDate")?, day("EndDate")?);
        period.end()?;
        for day in [self.period.0, self.period.1].into_iter().flatten() {
            let within = format!("C.start_date <= DATE '{day}' AND C.end_date >= DATE '{day}'");
            self.wheres.push(Where { from: Side::Row, condition: Condition::Sql(within) });
        }
        Ok(())
    }

    /// SQL of the events of persons of a range: person, id, start, end, visit, what they are sorted by, and what is counted.
    pub(super) fn sql(&self, sets: &Sets, persons: (i64, i64)) -> String {
        let domain = self.domain;
        let mut inner = format!("x.person_id BETWEEN {} AND {}", persons.0, persons.1);
        for (field, set) in [(domain.concept, self.set), (domain.source.map(|(_, field)| field), self.source_set)] {
            if let (Some(field), Some(set)) = (field, set) {
                let _ = write!(inner, " AND {}", sets.contain(set, &format!("x.{field}"), false));
            }
        }
        let (start, end) = (domain.start, domain.end);
        let (start_of, end_of) = match self.adjusted {
            None => (start.to_owned(), end.to_owned()),
            Some(by) => {
                let moved = |of_end: bool, days: i32| {
                    // Death's start and end are taken as they are called, whatever is asked.
                    format!("(({}) + INTERVAL '{days} days')", if of_end { end } else { start })
                };
                let of = |of_end: bool, otherwise: bool| if domain.name == "Death" { otherwise } else { of_end };
                (moved(of(by.start_of_end, false), by.start_days), moved(of(by.end_of_end, true), by.end_days))
            }
        };
        let ordinal = if self.is_first {
            let id = if domain.has_periods() { String::new() } else { format!(", x.{}", domain.id) };
            format!(", row_number() OVER (PARTITION BY x.person_id ORDER BY {start}{id}) AS ordinal")
        } else {
            String::new()
        };
        let visit = if domain.has_visit { "C.visit_occurrence_id" } else { "CAST(NULL AS BIGINT)" };
        let mut joins: BTreeSet<&str> = self.wheres.iter().filter_map(|condition| condition.from.join()).collect();
        let mut wheres: Vec<String> = self.wheres.iter().map(|condition| condition.sql(sets)).collect();
        if self.is_first {
            wheres.push("C.ordinal = 1".to_owned());
        }
        let joins = std::mem::take(&mut joins).into_iter().collect::<Vec<_>>().join(" ");
        let wheres = if wheres.is_empty() { "true".to_owned() } else { wheres.join(" AND ") };
        let fixed =
            |day: Option<Date>, column: &str| day.map_or_else(|| column.to_owned(), |day| format!("DATE '{day}'"));
        let (first, last) = (fixed(self.period.0, "C.start_date"), fixed(self.period.1, "C.end_date"));
        let counted = self.counted.as_deref().unwrap_or("CAST(NULL AS DOUBLE)");
        format!(
            "SELECT C.person_id AS a, C.{id} AS b, {first} AS c, {last} AS d, {visit} AS e, C.start_date AS f, {counted} AS g FROM \
             (SELECT x.*, CAST({start_of} AS DATE) AS start_date, CAST({end_of} AS DATE) AS end_date{ordinal} \
             FROM omop.{table} x WHERE {inner}) C {joins} WHERE {wheres}",
            id = domain.id,
            table = domain.table
        )
    }
}

impl Domain {
    /// Periods have no id in Circe's order of the first.
    fn has_periods(&self) -> bool {
        self.concept.is_none()
    }
}

fn count_column(domain: &'static Domain, column: &str, at: Option<&Node<'_>>) -> Result<String, Error> {
    let sql = match column {
        "START_DATE" => Some("CAST(C.start_date AS INT)"),
        "END_DATE" => Some("CAST(C.end_date AS INT)"),
        "VISIT_ID" if domain.has_visit => Some("C.visit_occurrence_id"),
        column => domain.columns.iter().find(|(name, _)| *name == column).map(|(_, sql)| *sql),
    };
    // Keys are wider than a double is exact.
    let is_whole = !matches!(column, "VALUE_AS_NUMBER" | "RANGE_LOW" | "RANGE_HIGH" | "QUANTITY");
    let sql = sql.map(|sql| format!("CAST({sql} AS {})", if is_whole { "BIGINT" } else { "DOUBLE" }));
    sql.ok_or_else(|| {
        let what = format!("{column} of {} cannot be counted", domain.name);
        at.map_or_else(|| Error::definition(domain.name, &what), |node| node.wrong(&what))
    })
}

fn adjusted(node: &Node<'_>) -> Result<Adjusted, Error> {
    let object = node.object()?;
    let of_end = |member: &str, otherwise: bool| -> Result<bool, Error> {
        match object.get(member).map(|node| node.text()).transpose()? {
            None => Ok(otherwise),
            Some("START_DATE") => Ok(false),
            Some("END_DATE") => Ok(true),
            Some(_) => Err(refused(&object.member(member))),
        }
    };
    let days = |member: &str| -> Result<i32, Error> {
        let Some(node) = object.get(member) else { return Ok(0) };
        i32::try_from(node.whole()?).map_err(|_| node.wrong("is too many days"))
    };
    let read = Adjusted {
        start_of_end: of_end("StartWith", false)?,
        start_days: days("StartOffset")?,
        end_of_end: of_end("EndWith", true)?,
        end_days: days("EndOffset")?,
    };
    object.end()?;
    Ok(read)
}

impl Where {
    pub(super) fn sql(&self, sets: &Sets) -> String {
        match &self.condition {
            Condition::Sql(sql) => format!("({sql})"),
            Condition::InSet { column, set, is_not } => sets.contain(*set, column, *is_not),
        }
    }
}

pub(super) fn wheres(reading: &Reading<'_>, object: &Object<'_>, member: &str, ask: Ask) -> Result<Vec<Where>, Error> {
    let sql = |from: Side, sql: String| Where { from, condition: Condition::Sql(sql) };
    let mut all = Vec::new();
    match ask {
        Ask::Days(column) => {
            if let Some(node) = object.get(member) {
                all.push(sql(Side::Row, range(&node, column, |node| Ok(format!("DATE '{}'", date(node)?)))?));
            }
        }
        Ask::Whole(column) => {
            if let Some(node) = object.get(member) {
                all.push(sql(Side::Row, range(&node, column, |node| Ok(node.whole()?.to_string()))?));
            }
        }
        Ask::Number(column) => {
            if let Some(node) = object.get(member) {
                all.push(sql(Side::Row, range(&node, column, number)?));
            }
        }
        Ask::Age(day) => {
            if let Some(node) = object.get(member) {
                let age = format!("(date_part('year', {day}) - P.year_of_birth)");
                all.push(sql(Side::Person, range(&node, &age, |node| Ok(node.whole()?.to_string()))?));
            }
        }
        Ask::Concepts(from, column) => {
            let exclude = format!("{member}Exclude");
            let is_not = object.has(&exclude) && object.flag(&exclude)?;
            let concepts = object.list(member)?;
            if !concepts.is_empty() {
                let id = |node: &Node<'_>| node.object()?.must("CONCEPT_ID")?.whole();
                let ids = concepts.iter().map(id).collect::<Result<Vec<_>, _>>()?;
                let ids = ids.iter().map(i64::to_string).collect::<Vec<_>>().join(", ");
                all.push(sql(from, format!("{column} {}IN ({ids})", if is_not { "NOT " } else { "" })));
            }
            all.extend(in_set(reading, object, member, from, column)?);
        }
        Ask::Set(from, column) => all.extend(in_set(reading, object, member, from, column)?),
        Ask::Codeset(column) => {
            if let Some(node) = object.get(member) {
                let set = reading.set(&node)?;
                all.push(Where { from: Side::Row, condition: Condition::InSet { column, set, is_not: false } });
            }
        }
        Ask::Text(column) => {
            if let Some(node) = object.get(member) {
                all.push(sql(Side::Row, like(&node, column)?));
            }
        }
        Ask::Flag(condition) => {
            if object.flag(member)? {
                all.push(sql(Side::Row, condition.to_owned()));
            }
        }
        Ask::Period => {}
    }
    Ok(all)
}

/// The concept set that a member with `CS` after its name chooses.
fn in_set(
    reading: &Reading<'_>,
    object: &Object<'_>,
    member: &str,
    from: Side,
    column: &'static str,
) -> Result<Option<Where>, Error> {
    let Some(node) = object.get(&format!("{member}CS")) else { return Ok(None) };
    let selection = node.object()?;
    let is_not = selection.flag("IsExclusion")?;
    let condition = match selection.get("CodesetId") {
        Some(set) => Condition::InSet { column, set: reading.set(&set)?, is_not },
        // Any concept at all, or none.
        None => Condition::Sql(format!("{column} IS {}NULL", if is_not { "" } else { "NOT " })),
    };
    selection.end()?;
    Ok(Some(Where { from, condition }))
}

/// A range: an operator, a value, and another for `bt`.
fn range(node: &Node<'_>, column: &str, value: impl Fn(&Node<'_>) -> Result<String, Error>) -> Result<String, Error> {
    let range = node.object()?;
    let op = range.must("Op")?;
    let at = value(&range.must("Value")?)?;
    let sql = match op.text()? {
        "lt" => format!("{column} < {at}"),
        "lte" => format!("{column} <= {at}"),
        "eq" => format!("{column} = {at}"),
        "!eq" => format!("{column} <> {at}"),
        "gt" => format!("{column} > {at}"),
        "gte" => format!("{column} >= {at}"),
        between @ ("bt" | "!bt") => {
            let to = value(&range.must("Extent")?)?;
            let not = if between == "!bt" { "NOT " } else { "" };
            format!("{not}({column} >= {at} AND {column} <= {to})")
        }
        _ => return Err(refused(&range.member("Op"))),
    };
    range.ignore(&["Extent"]);
    range.end()?;
    Ok(sql)
}

fn number(node: &Node<'_>) -> Result<String, Error> {
    node.number()
}

fn like(node: &Node<'_>, column: &str) -> Result<String, Error> {
    let filter = node.object()?;
    let op = filter.must("Op")?;
    let text = filter.must("Text")?.text()?.replace('\'', "''");
    let (not, op) = op.text()?.strip_prefix('!').map_or(("", op.text()?), |op| ("NOT ", op));
    let pattern = match op {
        "contains" => format!("%{text}%"),
        "startsWith" => format!("{text}%"),
        "endsWith" => format!("%{text}"),
        _ => return Err(refused(&filter.member("Op"))),
    };
    filter.end()?;
    Ok(format!("{column} {not}LIKE '{pattern}'"))
}
