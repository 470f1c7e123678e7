//! A mapping over the current rows of a source.

use crate::codes::approved_for;
use crate::compile::{Leaf, Part, Program, Target};
use crate::error::Error;
use crate::mapping::{Gone, Mapping, Problem, Settings};
use crate::pull::{PulledSheet, SourceInfo, Sources, with_points};
use crate::run::counts;
use crate::run::door::{Chunk, Door, DoorError, Others, RowNow, RunEnds, Stored};
use crate::run::dropped::{self, Remembered};
use crate::run::gone::Going;
use crate::run::identities::{Id, MadeTargets};
use crate::run::links::RowColumn;
use crate::run::lost;
use crate::run::made_before::{self, Before, MadeIds};
use crate::run::memory::{self, Basis, Differs, Rows, State};
use crate::run::met::{self, Met};
use crate::run::part::{CameAndWent, Extent, PartOf};
use crate::run::planning::{keys_query, plan, sheets};
use crate::run::repeated::KeysQuery;
use crate::run::report::{Mapped, RunReport, TargetReport};
use crate::run::target::{Meeting, OneTarget, Running};
use crate::run::unread;
use crate::said::Said;
use crate::said::warning::dropped_target;
use crate::value::{Context, Unmapped};
use crate::write::Writer;
use access::Grant;
use fhir::schema::r4;
use lake::workbench::{Batches, Limits, Planned, Sheet, Stop, Workbench};
use roaring::RoaringTreemap;
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The reason of values whose day is to come.
const FUTURE: &str = "future-date";

/// Resources of a target that came or went, at most: where there are more, all that may refer to them is mapped.
const CAME_AND_WENT: usize = 1 << 18;

/// A mapping that is ready to run: compiled, and its queries planned over the source's tables.
pub struct Runner {
    source: SourceInfo,
    pub(super) settings: Settings,
    hash: String,
    pub(super) context: Context,
    pub(super) targets: Vec<PlannedTarget>,
    not_delivered: Vec<String>,
    desk: Desk,
}

/// What queries are planned with.
pub(super) struct Desk {
    pub(super) workbench: Workbench,
    pub(super) program: Program,
    pub(super) sheets: Vec<Arc<PulledSheet>>,
}

/// A target with its queries.
pub(super) struct PlannedTarget {
    pub(super) target: Target,
    pub(super) parts: Vec<PlannedPart>,
    /// How its keys are read alone; none where several rows are one resource anyhow.
    pub(super) keys: Option<KeysQuery>,
    pub(super) writer: Writer,
    /// Rows of the table whose rows are accounted for.
    pub(super) table_rows: u64,
    /// Which rows the tables have that it reads.
    pub(super) alive: Vec<(String, Arc<RoaringTreemap>)>,
    /// What its outcome hangs on, but for the targets that it refers to.
    pub(super) basis: Basis,
}

/// A query of a target.
pub(super) struct PlannedPart {
    pub(super) planned: Planned,
    /// Where in `rows` the table is whose rows are accounted for: at one place, or at one in each branch of a UNION.
    pub(super) each: Vec<usize>,
    pub(super) rows: Vec<RowColumn>,
    /// Columns of rows, and which of these rows are meant: others are left out. None: all.
    pub(super) only: Option<Vec<(usize, RoaringTreemap)>>,
}

/// The columns of a part's query, with what is known of how their numbers are written.
fn schema_of(planned: &PlannedPart, part: &Part, sheets: &[Arc<PulledSheet>]) -> arrow_schema::Schema {
    let of = |(at, leaf): (usize, &Leaf)| {
        let origins = &planned.planned.columns().get(at).filter(|_| leaf.is_chosen)?.origins;
        Some(origins.iter().map(|origin| (origin.sheet.as_str(), origin.column.as_str())).collect())
    };
    let chosen: Vec<_> = part.leaves.iter().enumerate().map(of).collect();
    with_points(planned.planned.schema(), &chosen, sheets)
}

/// Why a mapping cannot run.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// It is wrong, or does not fit the source's tables.
    #[error("the mapping has {} problems", .0.len())]
    Problems(Vec<Problem>),
    /// The source cannot be read.
    #[error(transparent)]
    Source(#[from] Error),
}

/// What a run is told to do.
pub struct RunOptions<'a> {
    /// Whether the door writes: only said in the report.
    pub written: bool,
    /// The folder that remembers what earlier runs made.
    pub made: PathBuf,
    /// The number of a run that writes.
    pub run: Option<i64>,
    /// Whether every row is mapped and compared with the store, as if nothing were remembered.
    pub whole: bool,
    /// Rows of a table whose resources are told apart in memory, at most: [`TOLD_APART`](crate::run::TOLD_APART).
    pub told_apart: u64,
    /// Bounds of each query.
    pub limits: Limits,
    /// Ends it.
    pub stop: Stop,
    /// Told the target and how many of its rows are done; an error ends the run.
    pub go_on: &'a mut dyn FnMut(&str, u64) -> Result<(), Error>,
}

impl Sheet for PulledSheet {
    fn name(&self) -> &str {
        self.name()
    }

    fn schema(&self) -> arrow_schema::SchemaRef {
        Arc::clone(self.schema())
    }

    fn rows_estimate(&self) -> Option<u64> {
        Some(self.rows())
    }

    fn partitions(&self) -> usize {
        self.parts().max(1)
    }

    fn scan(&self, partition: usize, columns: &[usize]) -> Result<Batches, String> {
        if self.parts() == 0 {
            return Ok(Box::new(std::iter::empty()));
        }
        let batches = self.scan(partition, columns).map_err(|error| error.to_string())?;
        Ok(Box::new(batches.map(|batch| batch.map_err(|error| error.to_string()))))
    }
}

impl Runner {
    /// Compiles a mapping and plans it over a source's tables as they are now. No birth may be after the day of `now_us`, in the mapping's zone. With
    /// `only`, of one target alone: planning takes longer than a look at one resource may.
    ///
    /// # Errors
    /// All that is wrong with it; [`Error::Denied`], [`Error::Unknown`].
    pub fn prepare(
        sources: &Sources,
        workbench: &Workbench,
        grant: &Grant,
        source: &str,
        mapping: &Mapping,
        now_us: i64,
        only: Option<&str>,
    ) -> Result<Runner, PrepareError> {
        let info = sources.source(grant, source)?;
        let sheets = sheets(sources, grant, source, &mapping.settings)?;
        Runner::over(workbench, info, mapping, now_us, only, &sheets)
    }

    /// The same of one target, as if the table had but this row.
    ///
    /// # Errors
    /// As [`Runner::prepare`].
    pub fn of_row(
        sources: &Sources,
        workbench: &Workbench,
        grant: &Grant,
        source: &str,
        mapping: &Mapping,
        now_us: i64,
        (target, (table, row)): (&str, (&str, u64)),
    ) -> Result<Runner, PrepareError> {
        let info = sources.source(grant, source)?;
        let mut sheets = sheets(sources, grant, source, &mapping.settings)?;
        for sheet in sheets.iter_mut().filter(|sheet| is_same(sheet.name(), table)) {
            *sheet = Arc::new(PulledSheet::clone(sheet).only(row));
        }
        Runner::over(workbench, info, mapping, now_us, Some(target), &sheets)
    }

    fn over(
        workbench: &Workbench,
        info: SourceInfo,
        mapping: &Mapping,
        now_us: i64,
        only: Option<&str>,
        sheets: &[Arc<PulledSheet>],
    ) -> Result<Runner, PrepareError> {
        let program = crate::compile::compile(mapping).map_err(PrepareError::Problems)?;
        let mut context = mapping.context(&info.name).map_err(PrepareError::Problems)?;
        let now = jiff::Timestamp::from_microsecond(now_us).unwrap_or_default();
        context.today = (!program.settings.shifted).then(|| context.zone.to_datetime(now).date());
        let mut runner = Runner {
            source: info,
            settings: program.settings.clone(),
            hash: blake3::Hash::from_bytes(program.version).to_string(),
            context,
            targets: Vec::new(),
            not_delivered: Vec::new(),
            desk: Desk { workbench: workbench.clone(), program, sheets: sheets.to_vec() },
        };
        let program = &runner.desk.program;
        let which: BTreeMap<String, String> =
            sheets.iter().map(|sheet| (sheet.name().to_owned(), sheet.which())).collect();
        let mut problems = Vec::new();
        for target in program.targets.iter().filter(|target| only.is_none_or(|name| target.name == name)) {
            let each = &target.main.each.table;
            let table = sheets.iter().find(|sheet| is_same(sheet.name(), each));
            if table.is_some_and(|sheet| sheet.is_absent()) {
                runner.not_delivered.push(target.name.clone());
            }
            let ready = plan(workbench, program, target, sheets).and_then(|parts| {
                let of_target = std::iter::once(&target.main).chain(&target.children);
                let schemas: Vec<arrow_schema::Schema> =
                    parts.iter().zip(of_target).map(|(planned, part)| schema_of(planned, part, sheets)).collect();
                let writer = Writer::new(target, &runner.context, &schemas.iter().collect::<Vec<_>>())?;
                Ok((parts, writer))
            });
            match ready {
                Ok((parts, writer)) => runner.targets.push(PlannedTarget {
                    target: target.clone(),
                    parts,
                    keys: if writer.is_by_row() { keys_query(workbench, program, &target.main, sheets) } else { None },
                    writer,
                    table_rows: table.map_or(0, |sheet| sheet.rows()),
                    alive: alive(target, sheets),
                    basis: basis(mapping, program, target, &which),
                }),
                Err(wrong) => problems.extend(wrong),
            }
        }
        if problems.is_empty() {
            return Ok(runner);
        }
        // What is wrong in a view is wrong in all that use it.
        let mut problems = crate::mapping::in_order(problems);
        problems.dedup();
        // A column of a table that never came is unknown for that reason alone.
        let absent = sheets.iter().filter(|sheet| sheet.never_came());
        let mut all: Vec<Problem> = absent.filter_map(|sheet| runner.never_came(sheet.name())).collect();
        all.extend(problems);
        Err(PrepareError::Problems(all))
    }

    /// Says of a table that must be there that it never was.
    fn never_came(&self, table: &str) -> Option<Problem> {
        self.settings.tables.iter().find(|(name, settings)| is_same(name, table) && !settings.optional)?;
        Some(Problem {
            file: crate::mapping::SETTINGS_FILE.to_owned(),
            line: 1,
            column: 1,
            message: format!("table {table} has come with no delivery of this source yet: its columns are not known"),
            hint: Some(format!("`medweave source pull {}` takes it", self.source.name)),
        })
    }

    /// What becomes of resources of a type whose rows of a table are gone, unless the target says.
    fn becomes_of(&self, table: &str, resource_type: &str) -> Gone {
        let table = self.settings.tables.iter().find(|(name, _)| is_same(name, table));
        table.and_then(|(_, table)| table.missing).unwrap_or_else(|| super::gone::usual(resource_type))
    }

    /// What becomes of a target's resources whose rows are gone.
    fn becomes(&self, target: &Target) -> Gone {
        target.gone.unwrap_or_else(|| self.becomes_of(&target.main.each.table, target.resource_type))
    }

    /// Says of which targets resources are kept whose rows are gone.
    fn keep(&self, made: &mut MadeTargets) {
        for planned in self.targets.iter().filter(|planned| self.becomes(&planned.target) == Gone::Keep) {
            made.keeps(&planned.target.name, planned.target.resource_type);
        }
    }

    /// Remembers which targets there are, from before anything of them is stored.
    fn remember_targets(&self, folder: &Path) -> Result<(), Error> {
        self.targets.iter().try_for_each(|planned| {
            let target = &planned.target;
            let remembered = Remembered {
                name: target.name.clone(),
                resource_type: target.resource_type.to_owned(),
                table: target.main.each.table.clone(),
                gone: Some(self.becomes(target).as_str().to_owned()),
            };
            remembered.keep(folder)
        })
    }

    /// Hands on resources of a target whose rows are gone, with what becomes of them.
    fn gone(&self, ran: &mut Ran<'_>, door: &mut dyn Door, run: Option<(&Path, i64)>) -> Result<(), Error> {
        let target = &ran.planned.target;
        let going = Going {
            target: &target.name,
            table: &target.main.each.table,
            resource_type: target.resource_type,
            how: self.becomes(target),
            others: ran.others,
            mapping: &self.hash,
            why: "its rows are gone",
        };
        ran.is_unsettled |= going.hand_on(&mut ran.ids, &ran.met_before, door, run)?;
        Ok(())
    }

    /// Hands on what targets made that the mapping has no longer, as what rows made that are gone.
    fn drop_targets(
        &self,
        folder: &Path,
        written: bool,
        door: &mut dyn Door,
        run: Option<(&Path, i64)>,
    ) -> Result<Vec<Dropped>, Error> {
        let targets: Vec<&str> = self.desk.program.targets.iter().map(|target| target.name.as_str()).collect();
        let mut all = Vec::new();
        for one in dropped::besides(folder, &targets)? {
            let Some(resource_type) = r4().resource_type(&one.resource_type).map(|of| r4().name(of)) else { continue };
            let met = met::recall(folder, &one.name)?;
            let going = Going {
                target: &one.name,
                table: &one.table,
                resource_type,
                how: one.becomes().unwrap_or_else(|| self.becomes_of(&one.table, resource_type)),
                others: if met.is_empty() && !door.gives(&one.name)? { Others::Ignored } else { Others::Left },
                mapping: &self.hash,
                why: "the mapping makes it no longer",
            };
            let mut ids = MadeIds::begin(folder, &one.name, written)?;
            let mut count = 0;
            ids.gone(&mut |_| {
                count += 1;
                Ok(())
            })?;
            going.hand_on(&mut ids, &met, door, run)?;
            let note = dropped_target(&one.name, one.told(going.how, count));
            all.push(Dropped { note, name: one.name, resource_type, ids });
        }
        Ok(all)
    }

    /// What is to be known of a run of it.
    fn ends(&self) -> RunEnds {
        let mut types: Vec<&'static str> = self.targets.iter().map(|planned| planned.target.resource_type).collect();
        types.sort_unstable();
        types.dedup();
        RunEnds {
            mapping: self.settings.name.clone(),
            version: self.settings.version.clone(),
            hash: self.hash.clone(),
            types,
        }
    }

    /// What the mapping says of itself.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Hash of the mapping's files, in hex.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    pub(super) fn target(&self, name: &str) -> Option<&PlannedTarget> {
        self.targets.iter().find(|planned| planned.target.name == name)
    }

    /// Runs it: every row of every target, to the door. A target of which nothing is different from the last run is not read, and of one of which
    /// little is different only what that reaches is mapped.
    ///
    /// # Errors
    /// What ends a run: a query that fails or takes too much, a door that takes nothing any more, `go_on`.
    pub fn run(&self, door: &mut dyn Door, options: RunOptions<'_>) -> Result<RunReport, Error> {
        let RunOptions { written, made: folder, run, whole, told_apart, limits, stop, go_on } = options;
        let mut report = RunReport {
            source: self.source.name.clone(),
            mapping: self.settings.name.clone(),
            version: self.settings.version.clone(),
            hash: self.hash.clone(),
            written,
            not_delivered: self.not_delivered.clone(),
            ..RunReport::default()
        };
        let mut course = Course {
            folder: folder.join(self.source.no.to_string()),
            written,
            whole,
            told_apart,
            limits: &limits,
            stop: &stop,
            begun_at: door.position(),
            day: self.context.today.map(|day| day.to_string()),
            made: MadeTargets::default(),
            ids_of: BTreeMap::new(),
            changes: BTreeMap::new(),
            ran: Vec::new(),
            rested: Vec::new(),
            reports: Vec::new(),
            unmapped: Unmapped::default(),
            equal: 0,
        };
        for target in &self.targets {
            for other in &target.target.refers_to {
                course.made.begin(other);
            }
        }
        self.keep(&mut course.made);
        if written {
            Rows::sweep_coming(&course.folder)?;
            self.remember_targets(&course.folder)?;
        }
        for planned in &self.targets {
            self.one(planned, &mut course, door, go_on)?;
        }
        let Course { folder, begun_at, mut ran, rested, unmapped, equal, .. } = course;
        report.targets = course.reports;
        // Only a run that has seen every row knows what is gone.
        let numbered = run.map(|run| (folder.as_path(), run));
        for one in &mut ran {
            self.gone(one, door, numbered)?;
        }
        let dropped = self.drop_targets(&folder, written, door, numbered)?;
        report.notes.extend(dropped.iter().map(|dropped| dropped.note.clone()));
        report.stored = door.settle()?;
        let kept = door.kept();
        for target in &mut report.targets {
            if ran.iter().any(|one| one.planned.target.name == target.name) {
                target.kept = kept.iter().filter(|kept| kept.target == target.name).cloned().collect();
            }
        }
        for one in &mut ran {
            one.state.report.kept =
                kept.iter().filter(|kept| kept.target == one.planned.target.name).cloned().collect();
        }
        let mut wrote = report.stored.new + report.stored.changed + report.stored.gone;
        report.stored.equal += equal;
        if written {
            wrote += door.note_run(&self.ends())?;
            let position = door.position();
            let alone = position == begun_at + wrote;
            // Nobody has stored what these may meet: nobody else wrote, and this run nothing of their type.
            let of_dropped = dropped.iter().map(|dropped| dropped.resource_type);
            let types: Vec<&str> = ran.iter().map(|one| one.planned.target.resource_type).chain(of_dropped).collect();
            let rested = rested.into_iter().filter(|(planned, state)| {
                alone && state.position == Some(begun_at) && !types.contains(&planned.target.resource_type)
            });
            for (planned, state) in rested.filter(|_| position != begun_at) {
                let state = State { position: Some(position), ..state };
                memory::keep(&folder, &planned.target.name, &state)?;
            }
            for Ran { planned, ids, state, met, others, is_unsettled, rows, .. } in ran {
                let is_incomplete =
                    door.conclude(&planned.target.name, &|table, row| planned.row_now(&rows, table, row))?;
                ids.settle()?;
                if others == Others::Left {
                    door.gives_no_more(&planned.target.name)?;
                }
                met::keep(&folder, &planned.target.name, &met)?;
                if is_incomplete {
                    // It is compared with the store again.
                    continue;
                }
                for (table, which) in &state.basis.tables {
                    if let Some(sheet) = self.desk.sheets.iter().find(|sheet| sheet.name() == table) {
                        Rows::keep(&folder, which, || sheet.remembered())?;
                    }
                }
                let state = State { position: Some(position).filter(|_| alone && !is_unsettled), ..state };
                memory::keep(&folder, &planned.target.name, &state)?;
            }
            for Dropped { name, ids, .. } in dropped {
                door.gives_no_more(&name)?;
                met::keep(&folder, &name, &Met::new())?;
                ids.settle()?;
            }
            let targets: Vec<&str> = self.targets.iter().map(|planned| planned.target.name.as_str()).collect();
            door.conclude_besides(&targets)?;
            memory::forget_besides(&folder, &targets)?;
            Rows::sweep(&folder)?;
            made_before::gather_gone(&folder)?;
        }
        report.unmapped = unmapped.by_frequency();
        report.notes.extend(lost::warnings(&self.targets, &self.desk.sheets));
        report.notes.extend(unread::warnings(&report.targets, self.context.numbers));
        Ok(report)
    }

    /// Runs one target, as far as it must.
    fn one<'r>(
        &'r self,
        planned: &'r PlannedTarget,
        course: &mut Course<'r>,
        door: &mut dyn Door,
        go_on: &mut dyn FnMut(&str, u64) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let name = &planned.target.name;
        let refers_to_itself = planned.target.refers_to.contains(name);
        let mut basis = planned.basis.clone();
        let refers_to = planned.target.refers_to.iter().filter(|other| *other != name);
        basis.targets =
            refers_to.filter_map(|other| Some((other.clone(), course.ids_of.get(other)?.clone()))).collect();
        let known =
            memory::recall(&course.folder, name).filter(|state| !course.whole && stands(state, course.begun_at));
        let differs = differs(&basis, known.as_ref(), planned, course);
        let (Some(Differs { code, text: mut why, is_rows }), known) = (differs, known) else {
            let Some(state) = memory::recall(&course.folder, name) else { return Ok(()) };
            go_on(name, 0)?;
            course.made.is_as_before(name, HashSet::new(), HashSet::new());
            course.ids_of.insert(name.clone(), state.ids.clone());
            course.unmapped.merge(state.unmapped());
            course.equal += state.report.resources;
            let report = TargetReport {
                mapped: Mapped::Nothing,
                mapped_rows: None,
                why_whole: None,
                why_whole_code: None,
                ..state.report.clone()
            };
            course.reports.push(report);
            if planned.target.match_identifier {
                course.rested.push((planned, state));
            }
            return Ok(());
        };
        let met_before = met::recall(&course.folder, name)?;
        let part = match known.as_ref().filter(|_| is_rows) {
            None => None,
            Some(_) if refers_to_itself || !met_before.is_empty() => {
                why += if refers_to_itself {
                    "; it refers to itself"
                } else {
                    "; some of it is one with records of others"
                };
                None
            }
            Some(state) => match self.taken_out(planned, (&basis, state), course, door, go_on)? {
                Ok(part) => Some(part),
                Err(because) => {
                    why = format!("{why}; {because}");
                    None
                }
            },
        };
        let others = if planned.target.match_identifier {
            Others::Met
        } else if !met_before.is_empty() || door.gives(name)? {
            Others::Left
        } else {
            Others::Ignored
        };
        // Where others may have written what is met, the store is asked.
        let is_known = known.is_some() && others == Others::Ignored;
        let before = if is_known { Some(Before::open(&course.folder, name)?) } else { None };
        if course.written {
            memory::forget(&course.folder, name)?;
        }
        let meeting = if others == Others::Ignored {
            None
        } else {
            Some(Meeting { others, own: Before::open(&course.folder, name)?, before: met_before.clone() })
        };
        if refers_to_itself {
            course.made.meet(name, met_before.clone());
        }
        let (folder, told_apart) = (course.folder.clone(), course.told_apart);
        let running =
            Running { hash: &self.hash, folder: &folder, told_apart, limits: course.limits, stop: course.stop };
        let mut ids = MadeIds::begin(&course.folder, name, course.written)?;
        let over = match &part {
            None => {
                course.made.read(&course.folder, &planned.target.refers_to)?;
                planned
            }
            Some(part) => {
                course.made.open(&course.folder, &planned.target.refers_to)?;
                ids.instead_of(part.ids.clone());
                &part.rows.now
            }
        };
        let (mut done, mut ids) =
            OneTarget::new(over, running, ids, before, meeting).run(&mut course.made, door, go_on)?;
        done.report.met = done.met.len() as u64;
        if self.becomes(&planned.target) == Gone::Keep {
            // What was put together with a record of others is kept there, and referred to there.
            let is_kept = |id: &Id, met: &Met| !met.contains_key(id) && course.made.is_made(name, *id) == Some(false);
            let kept: Vec<_> = met_before.iter().filter(|(id, _)| is_kept(id, &done.met)).collect();
            done.met.extend(kept.into_iter().map(|(id, record)| (*id, record.clone())));
        }
        course.equal += done.equal;
        let mut sum = done.ids.wrapping_add(met::sum(&done.met));
        let mut rows = RowsSeen { seen: std::mem::take(&mut done.seen), are_all_named: done.gathered == 0, of: None };
        match part {
            None => {
                (done.report.why_whole, done.report.why_whole_code) = (Some(why), Some(code.to_owned()));
            }
            Some(part) => {
                course.equal += part.others.resources;
                sum = sum.wrapping_add(part.others_sum);
                done.report = TargetReport {
                    mapped: Mapped::Part,
                    mapped_rows: Some(done.report.table_rows),
                    ..counts::with(&part.others, &done.report)
                };
                let mut unmapped = part.others_unmapped;
                unmapped.merge(done.unmapped);
                done.unmapped = unmapped;
                let was: HashSet<Id> = part.ids.into_iter().collect();
                let is: HashSet<Id> = ids.noted()?.into_iter().map(|(id, _)| id).collect();
                let (came, went) = (&is - &was, &was - &is);
                let changed = came.iter().chain(&went).copied().chain(done.met.keys().copied()).collect();
                course.changes.insert(name.clone(), CameAndWent { before: part.ids_before, ids: changed });
                course.made.is_as_before(name, came, went);
                rows.of = Some(part.rows.reached);
            }
        }
        // References among its own resources led where they led before, and what was given to a record was not there for another row.
        let is_unsettled = done.is_parted || (refers_to_itself && done.met != met_before);
        let sum = format!("{sum:032x}");
        course.made.meet(name, done.met.clone());
        course.ids_of.insert(name.clone(), sum.clone());
        course.reports.push(done.report.clone());
        let counted = done.unmapped.by_frequency();
        course.unmapped.merge(done.unmapped);
        let waits_for_a_day = done.report.reasons.iter().any(|reason| reason.code == FUTURE);
        let state = State {
            basis,
            position: None,
            day: course.day.clone().filter(|_| waits_for_a_day),
            ids: sum,
            report: done.report,
            unmapped: counted,
        };
        course.ran.push(Ran { planned, ids, state, met: done.met, met_before, others, is_unsettled, rows });
        Ok(())
    }

    /// Finds what of a target is to be mapped, and takes what that made before out of what is remembered. Why the target is to be mapped whole, if so.
    fn taken_out(
        &self,
        planned: &PlannedTarget,
        (basis, state): (&Basis, &State),
        course: &mut Course<'_>,
        door: &dyn Door,
        go_on: &mut dyn FnMut(&str, u64) -> Result<(), Error>,
    ) -> Result<Result<TakenOut, String>, Error> {
        let name = &planned.target.name;
        course.compare_targets(basis, state)?;
        let folder = &course.folder;
        let rows = match self.desk.extent(planned, (basis, state), folder, &self.context, &course.changes)? {
            Extent::Whole(why) => return Ok(Err(why)),
            Extent::Part(rows) => rows,
        };
        let mut then = MadeTargets::then(folder, basis.targets.keys())?;
        planned.target.refers_to.iter().for_each(|other| then.begin(other));
        self.keep(&mut then);
        let told_apart = course.told_apart;
        let running = Running { hash: &self.hash, folder, told_apart, limits: course.limits, stop: course.stop };
        let ids = MadeIds::begin(folder, name, false)?;
        let one = OneTarget::new(&rows.before, running, ids, None, None);
        let (was, mut ids) = one.run(&mut then, &mut Nowhere(door), &mut |_, _| go_on(name, 0))?;
        let before = Before::open(folder, name)?;
        let noted = ids.noted()?;
        for (id, content) in &noted {
            if before.content(*id)? != Some(*content) {
                return Ok(Err("what it made before comes out otherwise".to_owned()));
            }
        }
        let is_reached =
            |table: &str, row| rows.reached.get(&table.to_lowercase()).is_some_and(|rows| rows.contains(row));
        let others = counts::without(&state.report, &was.report, &is_reached)
            .and_then(|others| Ok((others, counts::unmapped_without(&state.unmapped, &was.unmapped)?)));
        let (others, others_unmapped) = match others {
            Ok(others) => others,
            Err(why) => return Ok(Err(why)),
        };
        let Ok(sum) = u128::from_str_radix(&state.ids, 16) else { return Ok(Err("its ids are not known".to_owned())) };
        Ok(Ok(TakenOut {
            rows: *rows,
            ids: noted.into_iter().map(|(id, _)| id).collect(),
            ids_before: state.ids.clone(),
            others,
            others_unmapped,
            others_sum: sum.wrapping_sub(was.ids),
        }))
    }
}

/// A run on its way.
struct Course<'r> {
    folder: PathBuf,
    written: bool,
    whole: bool,
    told_apart: u64,
    limits: &'r Limits,
    stop: &'r Stop,
    /// Where the store's feed was when it began.
    begun_at: u64,
    day: Option<String>,
    made: MadeTargets,
    /// Sums over the ids of the targets so far.
    ids_of: BTreeMap<String, String>,
    /// What came and went of targets, where that is known.
    changes: BTreeMap<String, CameAndWent>,
    ran: Vec<Ran<'r>>,
    /// Targets that did not run and that may meet records of others.
    rested: Vec<(&'r PlannedTarget, State)>,
    reports: Vec<TargetReport>,
    unmapped: Unmapped,
    equal: u64,
}

impl Course<'_> {
    /// Finds what came and went of targets that ran whole, where another asks.
    fn compare_targets(&mut self, basis: &Basis, state: &State) -> Result<(), Error> {
        for (target, now) in &basis.targets {
            if state.basis.targets.get(target) == Some(now) || self.changes.contains_key(target) {
                continue;
            }
            let Some(ran) = self.ran.iter_mut().find(|ran| ran.planned.target.name == *target) else { continue };
            let Some((sum, ids)) = ran.ids.came_and_went(CAME_AND_WENT)? else { continue };
            let before = format!("{:032x}", sum.wrapping_add(met::sum(&ran.met_before)));
            let others = |a: &Met, b: &Met| -> Vec<Id> {
                a.iter().filter(|(id, met)| b.get(*id) != Some(*met)).map(|(id, _)| *id).collect()
            };
            let met = others(&ran.met, &ran.met_before).into_iter().chain(others(&ran.met_before, &ran.met));
            let ids = ids.into_iter().chain(met).collect();
            self.changes.insert(target.clone(), CameAndWent { before, ids });
        }
        Ok(())
    }
}

/// The part of a target that is to be mapped, and what is remembered of the others.
struct TakenOut {
    rows: PartOf,
    /// What the part made before.
    ids: Vec<Id>,
    /// What was remembered of the ids of all.
    ids_before: String,
    others: TargetReport,
    others_unmapped: Unmapped,
    others_sum: u128,
}

/// Takes what was made before, once more; a door says what is stored.
struct Nowhere<'d>(&'d dyn Door);

impl Door for Nowhere<'_> {
    fn take(&mut self, _: &mut Chunk) -> Result<(), DoorError> {
        Ok(())
    }

    fn writes(&self) -> bool {
        false
    }

    fn has(&self, resource_type: &'static str, id: &str) -> Result<bool, DoorError> {
        self.0.has(resource_type, id)
    }

    fn settle(&mut self) -> Result<Stored, DoorError> {
        Ok(Stored::default())
    }
}

/// A target that ran.
struct Ran<'r> {
    planned: &'r PlannedTarget,
    ids: MadeIds,
    state: State,
    met: Met,
    met_before: Met,
    others: Others,
    /// Whether another run may make something else of the same rows.
    is_unsettled: bool,
    rows: RowsSeen,
}

/// A target that the mapping has no longer.
struct Dropped {
    name: String,
    resource_type: &'static str,
    /// What somebody should know about it.
    note: Said,
    ids: MadeIds,
}

/// The rows that a target's query gave.
struct RowsSeen {
    seen: RoaringTreemap,
    /// Whether none was gathered with so many others that it was only counted.
    are_all_named: bool,
    /// The rows that were looked at, by table; none: all.
    of: Option<BTreeMap<String, RoaringTreemap>>,
}

impl PlannedTarget {
    /// What a row is that was not refused.
    fn row_now(&self, rows: &RowsSeen, table: &str, row: u64) -> RowNow {
        let is_seen = |of: &BTreeMap<String, RoaringTreemap>| {
            of.get(&table.to_lowercase()).is_some_and(|rows| rows.contains(row))
        };
        if rows.of.as_ref().is_some_and(|of| !is_seen(of)) {
            return RowNow::NotSeen;
        }
        let alive = self.alive.iter().find(|(name, _)| is_same(name, table));
        if alive.is_none_or(|(_, alive)| !alive.contains(row)) {
            RowNow::Gone
        } else if is_same(table, &self.target.main.each.table) && rows.are_all_named && !rows.seen.contains(row) {
            RowNow::LeftOut
        } else {
            RowNow::Taken
        }
    }
}

/// The rows that the tables of a target have.
fn alive(target: &Target, sheets: &[Arc<PulledSheet>]) -> Vec<(String, Arc<RoaringTreemap>)> {
    let mut alive: Vec<(String, Arc<RoaringTreemap>)> = Vec::new();
    for part in std::iter::once(&target.main).chain(&target.children) {
        for sheet in sheets.iter().filter(|sheet| is_same(sheet.name(), &part.each.table)) {
            if !alive.iter().any(|(name, _)| name == sheet.name()) {
                alive.push((sheet.name().to_owned(), sheet.alive()));
            }
        }
    }
    alive
}

/// Whether the store is not older than what is remembered: it may have been put back to an earlier day.
fn stands(state: &State, position: u64) -> bool {
    state.position.is_none_or(|then| then <= position)
}

/// What is different of a target since its last run; `None` if nothing is.
fn differs(basis: &Basis, known: Option<&State>, planned: &PlannedTarget, course: &Course<'_>) -> Option<Differs> {
    if course.whole {
        return Some(Differs::new("asked", "it was asked for"));
    }
    let Some(state) = known else { return Some(Differs::new("first", "no run of it is remembered")) };
    if planned.parts.iter().any(|part| part.planned.asks_for_time()) {
        return Some(Differs::new("time", "it asks what time it is"));
    }
    if made_before::was_cut_off(&course.folder, &planned.target.name) {
        return Some(Differs::new("cut-off", "a run of it was cut off, or taken back"));
    }
    let differs = basis.differs(&state.basis);
    if differs.as_ref().is_some_and(|differs| !differs.is_rows) {
        return differs;
    }
    if state.day.is_some() && state.day != course.day {
        return Some(Differs::new("day", "days that were to come may have come"));
    }
    if planned.target.match_identifier && state.position != Some(course.begun_at) {
        return Some(Differs::new("others", "others may have stored what is met by its identifier"));
    }
    differs
}

/// What the outcome of a target hangs on.
fn basis(mapping: &Mapping, program: &Program, target: &Target, which: &BTreeMap<String, String>) -> Basis {
    let mut hasher = blake3::Hasher::new();
    let mut take = |text: &str| {
        hasher.update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
    };
    take(env!("CARGO_PKG_VERSION"));
    take(&format!("{:?}", program.settings));
    let mut tables = BTreeMap::new();
    let mut texts = Vec::new();
    for part in std::iter::once(&target.main).chain(&target.children) {
        let reads = |table: &str| part.tables.iter().any(|name| is_same(name, table));
        for file in mapping.files.iter().filter(|file| file.file == part.file) {
            take(&file.text);
            texts.push(file.text.to_lowercase());
        }
        for view in program.views.iter().filter(|view| view.tables.iter().all(|table| reads(table))) {
            take(&view.name);
            take(&view.query.to_string());
        }
        tables.extend(which.iter().filter(|(name, _)| reads(name)).map(|(name, which)| (name.clone(), which.clone())));
    }
    // Maps are named by literals.
    let is_used = |name: &str| texts.iter().any(|text| text.contains(&format!("'{}'", name.to_lowercase())));
    for map in
        mapping.codes.iter().chain(&mapping.units).filter(|map| is_used(approved_for(&map.name).unwrap_or(&map.name)))
    {
        take(&map.file);
        take(&map.text);
    }
    Basis { mapping: hasher.finalize().to_hex()[..32].to_owned(), tables, targets: BTreeMap::new() }
}

impl PlannedTarget {
    /// The file of one of its parts.
    pub(super) fn file_of(&self, part: usize) -> &str {
        let part = if part == 0 { Some(&self.target.main) } else { self.target.children.get(part - 1) };
        part.map_or("", |part| &part.file)
    }
}

/// Names of tables and columns are the same in any case.
pub(super) fn is_same(a: &str, b: &str) -> bool {
    a == b || a.to_lowercase() == b.to_lowercase()
}
