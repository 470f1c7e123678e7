//! A target of which little is different since its last run: only the rows that the change reaches are mapped, once as they were and once as they are.
//!
//! What is different in a table is known by its rows. By the joins, groups and windows of the target's queries ([`lake::workbench::Dependence`]),
//! by keys (all rows of one key are mapped or none, with its children's), and by references to resources that came or went, it is followed to
//! the rows of the target ([`Places::follow`]). Their queries then run over these rows and what they need of other tables. What that made before
//! is taken out of what is remembered, and what it makes now is put in. Where a change cannot be followed, the target is mapped whole.

use crate::compile::{Call, Give, Object, Part};
use crate::error::Error;
use crate::pull::PulledSheet;
use crate::run::identities::Id;
use crate::run::memory::{Basis, Rows, State};
use crate::run::planning::plan_part;
use crate::run::runner::{Desk, PlannedPart, PlannedTarget, is_same};
use crate::run::spread::{Edge, KeyPart, Node, Places, Reached, Referring, TwoStates};
use crate::value::{Context, Function};
use crate::write::Writer;
use lake::workbench::Dependence;
use roaring::RoaringTreemap;
use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::Arc;

/// Rows that are mapped as they were and as they are, at most, as a part of both: beyond it one look at all is faster.
const MOST: u64 = 3;
/// Fewer rows than that are mapped twice whatever part of all they are.
const FEW: u64 = 1_000;

/// How a target is mapped of which something is different.
pub(super) enum Extent {
    /// Whole, since a change cannot be followed, or reaches too much.
    Whole(String),
    /// Only what the change reaches.
    Part(Box<PartOf>),
}

/// The rows of a target that a change reaches.
pub(super) struct PartOf {
    /// The target over the rows as they were.
    pub(super) before: PlannedTarget,
    /// The target over the rows as they are.
    pub(super) now: PlannedTarget,
    /// The rows that are looked at, by table.
    pub(super) reached: BTreeMap<String, RoaringTreemap>,
}

/// Which resources of a target came or went in this run.
pub(super) struct CameAndWent {
    /// What was remembered of its ids before.
    pub(super) before: String,
    /// Those that came, went, or are one with another record than before.
    pub(super) ids: HashSet<Id>,
}

/// What a part of a target's queries hangs on.
struct Followed {
    dependence: Dependence,
    /// The number of its first reading among those of all parts.
    first: Node,
}

impl Followed {
    /// The cell of a reading that a column gives.
    fn cell(&self, column: usize, reading: usize) -> Option<usize> {
        let places = self.dependence.columns.get(column)?;
        places.iter().find(|(of, _)| *of == reading).map(|(_, column)| *column)
    }

    /// Whether a column gives cells of the readings that tell rows apart.
    fn is_covered(&self, column: usize) -> bool {
        self.dependence.cover.iter().all(|reading| self.cell(column, *reading).is_some())
    }
}

/// A part of a target: its own file, then those of its children.
fn part_of(planned: &PlannedTarget, at: usize) -> &Part {
    if at == 0 { &planned.target.main } else { &planned.target.children[at - 1] }
}

/// An edge among the readings of a part, as one among those of all.
fn moved(edge: &lake::workbench::Edge, first: Node) -> Edge {
    Edge { from: first + edge.from, to: first + edge.to, columns: edge.columns.clone(), nulls: edge.nulls }
}

/// Says why a target is mapped whole.
type Whole<T> = Result<T, String>;

impl Desk {
    /// How much of a target is to be mapped, of which tables or references differ from what is remembered.
    pub(super) fn extent(
        &self,
        planned: &PlannedTarget,
        (basis, state): (&Basis, &State),
        folder: &Path,
        context: &Context,
        others: &BTreeMap<String, CameAndWent>,
    ) -> Result<Extent, Error> {
        let tables = match self.two_states(basis, state, folder) {
            Ok(tables) => tables,
            Err(why) => return Ok(Extent::Whole(why)),
        };
        let graph = match Graph::of(planned, &tables) {
            Ok(graph) => graph,
            Err(why) => return Ok(Extent::Whole(why)),
        };
        let referring = match graph.referring(planned, context, (basis, state), others) {
            Ok(referring) => referring,
            Err(why) => return Ok(Extent::Whole(why)),
        };
        let places = Places { tables: &tables, nodes: &graph.nodes };
        let mut changed: Vec<RoaringTreemap> = graph.nodes.iter().map(|table| tables[*table].changed.clone()).collect();
        let each = graph.each(planned);
        let table = &tables[graph.nodes[each[0]]];
        let all_of_each =
            |reached: &[RoaringTreemap]| each.iter().fold(RoaringTreemap::new(), |all, at| all | &reached[*at]);
        let of_each = |reached: &[RoaringTreemap]| {
            let all = all_of_each(reached);
            let of = |sheet: &PulledSheet| all.intersection_len(&sheet.alive());
            (of(&table.before), of(&table.now))
        };
        let is_too_much = |reached: &[RoaringTreemap]| {
            let (was, is) = of_each(reached);
            was + is > FEW && (was + is) * MOST > table.now.rows() + table.before.rows()
        };
        let reached = loop {
            let reached = match places.follow(changed, &graph.edges, &referring, &is_too_much)? {
                Reached::Rows(reached) => reached,
                Reached::TooMuch => {
                    return Ok(Extent::Whole(format!(
                        "a third or more of the {} rows of {} are reached by what changed",
                        table.now.rows(),
                        table.now.name()
                    )));
                }
                Reached::Untold(node) => {
                    let table = tables[graph.nodes[node]].now.name();
                    return Ok(Extent::Whole(format!(
                        "rows changed in {table}, of which it cannot be told what they change"
                    )));
                }
            };
            // A row counts as given if any branch of a UNION gives it: all of them look at the same rows.
            let all = all_of_each(&reached);
            if each.iter().all(|at| reached[*at] == all) {
                break reached;
            }
            changed = reached;
            for at in &each {
                changed[*at].clone_from(&all);
            }
        };
        let (was, is) = of_each(&reached);
        let mut parts = Vec::new();
        for at in 0..graph.parts.len() {
            let Some(part) = self.restricted(planned, at, &graph, &places, &reached)? else {
                return Ok(Extent::Whole("what is reached is made of too many other rows".to_owned()));
            };
            parts.push(part);
        }
        let target = |parts: Vec<PlannedPart>, rows: u64| -> Result<PlannedTarget, Error> {
            let schemas: Vec<&arrow_schema::Schema> = parts.iter().map(|part| part.planned.schema().as_ref()).collect();
            let writer = Writer::new(&planned.target, context, &schemas)
                .map_err(|problems| Error::query(&planned.target.name, told(&problems)))?;
            Ok(PlannedTarget {
                target: planned.target.clone(),
                writer,
                parts,
                keys: None,
                table_rows: rows,
                alive: Vec::new(),
                basis: Basis::default(),
            })
        };
        let (before, now): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
        let mut by_table: BTreeMap<String, RoaringTreemap> = BTreeMap::new();
        for part in &graph.parts {
            for reading in &part.dependence.cover {
                let node = part.first + reading;
                *by_table.entry(tables[graph.nodes[node]].now.name().to_lowercase()).or_default() |= &reached[node];
            }
        }
        Ok(Extent::Part(Box::new(PartOf { before: target(before, was)?, now: target(now, is)?, reached: by_table })))
    }

    /// The tables of a target as they were and as they are.
    fn two_states(&self, basis: &Basis, state: &State, folder: &Path) -> Whole<Vec<TwoStates>> {
        let mut tables = Vec::new();
        for (name, which) in &basis.tables {
            let Some(now) = self.sheets.iter().find(|sheet| sheet.name() == name) else { continue };
            let before_which = state.basis.tables.get(name).ok_or_else(|| format!("{name} was not read before"))?;
            let before = if before_which == which {
                Some(PulledSheet::clone(now))
            } else {
                Rows::recall(folder, before_which)
                    .and_then(|bytes| now.recalled(&bytes))
                    .filter(|before| before.which() == *before_which)
            };
            let before =
                before.ok_or_else(|| format!("{name} has other columns, or the rows that it had are not known"))?;
            tables.push(TwoStates::new(before, Arc::clone(now)));
        }
        Ok(tables)
    }

    /// A part's query over the rows that are reached and what these need, before and now; nothing if that is too much.
    fn restricted(
        &self,
        planned: &PlannedTarget,
        at: usize,
        graph: &Graph,
        places: &Places<'_>,
        reached: &[RoaringTreemap],
    ) -> Result<Option<(PlannedPart, PlannedPart)>, Error> {
        let Some(needed) = graph.needed(at, places, reached)? else { return Ok(None) };
        let part = &graph.parts[at];
        let sheets = |now: bool| -> Vec<Arc<PulledSheet>> {
            let sheets = places.tables.iter().enumerate().map(|(table, states)| {
                let sheet = if now { PulledSheet::clone(&states.now) } else { states.before.clone() };
                let nodes = (0..needed.len()).filter(|reading| graph.nodes[part.first + reading] == table);
                let rows = nodes.fold(RoaringTreemap::new(), |rows, reading| rows | &needed[reading]);
                let rows = rows & &*sheet.alive();
                Arc::new(sheet.with_rows(rows))
            });
            sheets.collect()
        };
        let plan = |now: bool| -> Result<PlannedPart, Error> {
            let mut again = plan_part(&self.workbench, &self.program, part_of(planned, at), &sheets(now))
                .map_err(|problem| Error::query(&planned.target.name, problem.to_string()))?;
            let cover = part.dependence.cover.iter().filter_map(|reading| {
                let occurrence = part.dependence.readings[*reading].occurrence?;
                Some((again.rows.get(occurrence)?.column, reached[part.first + reading].clone()))
            });
            again.only = Some(cover.collect());
            Ok(again)
        };
        Ok(Some((plan(false)?, plan(true)?)))
    }
}

fn told(problems: &[crate::mapping::Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// All places where a target reads tables, and how changes go from one to the other.
struct Graph {
    parts: Vec<Followed>,
    nodes: Vec<usize>,
    edges: Vec<Edge>,
}

impl Graph {
    fn of(planned: &PlannedTarget, tables: &[TwoStates]) -> Whole<Graph> {
        let mut graph = Graph { parts: Vec::new(), nodes: Vec::new(), edges: Vec::new() };
        for part in &planned.parts {
            let each = part.each.first().copied().unwrap_or_default();
            let at = graph.parts.len();
            let [keys, groups, _] = part_of(planned, at).key_columns();
            let dependence = part.planned.dependence(each, &keys.chain(groups).collect::<Vec<_>>())?;
            let first = graph.nodes.len();
            for reading in &dependence.readings {
                let table = tables.iter().position(|states| is_same(states.now.name(), &reading.sheet));
                graph.nodes.push(table.ok_or_else(|| format!("it reads {}", reading.sheet))?);
            }
            graph.edges.extend(dependence.edges.iter().chain(&dependence.to_told).map(|edge| moved(edge, first)));
            graph.parts.push(Followed { dependence, first });
        }
        let each = graph.each(planned);
        if !each.iter().all(|each| graph.parts[0].dependence.cover.contains(each)) {
            return Err(format!("its rows are not those of {}, one by one", planned.target.main.each.table));
        }
        graph.add_keys(planned)?;
        Ok(graph)
    }

    /// The places where the table is read whose rows are accounted for: one, or one in each branch of a UNION.
    fn each(&self, planned: &PlannedTarget) -> Vec<Node> {
        let readings = &self.parts[0].dependence.readings;
        let reading = |each: &usize| readings.iter().position(|reading| reading.occurrence == Some(*each));
        planned.parts[0].each.iter().map(|each| reading(each).unwrap_or_default()).collect()
    }

    /// Rows of one key are reached together, and so are rows of one group.
    fn add_keys(&mut self, planned: &PlannedTarget) -> Whole<()> {
        let columns =
            |at: usize, which: usize| -> Vec<usize> { part_of(planned, at).key_columns()[which].clone().collect() };
        let mut more = Vec::new();
        for from in 0..self.parts.len() {
            for to in 0..self.parts.len() {
                let edges = self.between((from, &columns(from, 0)), (to, &columns(to, 0)), false);
                if edges.is_empty() && (from == 0 || to == 0) {
                    return Err(format!("the key of {} is computed", part_of(planned, from.max(to)).file));
                }
                more.extend(edges);
            }
            let groups = columns(from, 1);
            if !groups.is_empty() {
                let edges = self.between((from, &groups), (from, &groups), true);
                if edges.is_empty() {
                    return Err(format!("what {} is grouped by is computed", part_of(planned, from).file));
                }
                more.extend(edges);
            }
        }
        for edge in more {
            // Windows and keys are often of the same columns.
            let same =
                |known: &&mut Edge| (known.from, known.to, &known.columns) == (edge.from, edge.to, &edge.columns);
            match self.edges.iter_mut().find(same) {
                Some(known) => known.nulls |= edge.nulls,
                None => self.edges.push(edge),
            }
        }
        Ok(())
    }

    /// Edges between rows that are equal in columns of two parts, as far as these are cells of tables.
    fn between(&self, (from, of_from): (usize, &[usize]), (to, of_to): (usize, &[usize]), nulls: bool) -> Vec<Edge> {
        let (a, b) = (&self.parts[from], &self.parts[to]);
        let pairs: Vec<(usize, usize)> = of_from.iter().copied().zip(of_to.iter().copied()).collect();
        let told = pairs.iter().filter(|(x, y)| {
            // A row without a value there is in a group all the same: only what covers all rows will do.
            a.dependence.told.contains(x)
                && b.dependence.told.contains(y)
                && (!nulls || (a.is_covered(*x) && b.is_covered(*y)))
        });
        let Some((x, y)) = told.min_by_key(|(x, y)| !a.is_covered(*x) || !b.is_covered(*y)) else { return Vec::new() };
        let mut edges = Vec::new();
        for (of_a, _) in &a.dependence.columns[*x] {
            for (of_b, _) in &b.dependence.columns[*y] {
                let columns = pairs.iter().filter_map(|(x, y)| a.cell(*x, *of_a).zip(b.cell(*y, *of_b))).collect();
                edges.push(Edge { from: a.first + of_a, to: b.first + of_b, columns, nulls });
            }
        }
        edges
    }

    /// Which rows refer to what came or went.
    fn referring<'r>(
        &self,
        planned: &'r PlannedTarget,
        context: &'r Context,
        (basis, state): (&Basis, &State),
        others: &'r BTreeMap<String, CameAndWent>,
    ) -> Whole<Vec<Referring<'r>>> {
        let mut calls = Vec::new();
        references(&planned.target.root, &mut |info, call| {
            calls.push((planned.target.elements.get(info as usize).map_or(0, |info| info.part), call));
        });
        let mut referring = Vec::new();
        for (target, now) in &basis.targets {
            let before = state.basis.targets.get(target);
            if before == Some(now) {
                continue;
            }
            let others = others.get(target).filter(|others| Some(&others.before) == before);
            let others = others.ok_or_else(|| format!("it may refer to other resources of {target} than before"))?;
            for (part, call) in
                calls.iter().filter(|(_, call)| call.arguments.first().and_then(Give::literal) == Some(target))
            {
                let found = self.keys_of(*part, &call.arguments[1..]);
                let found = found.ok_or_else(|| {
                    format!("resources of {target} came or went, to which it refers by what is computed")
                })?;
                referring.extend(found.into_iter().map(|(to, keys)| Referring {
                    to,
                    source: &context.source,
                    target: call.arguments[0].literal().unwrap_or_default(),
                    keys,
                    ids: &others.ids,
                }));
            }
        }
        Ok(referring)
    }

    /// The cells that the key of a reference is made of: of one reading, or of one in each branch of a UNION.
    fn keys_of(&self, part: usize, arguments: &[Give]) -> Option<Vec<(Node, Vec<KeyPart>)>> {
        let Followed { dependence, first } = self.parts.get(part)?;
        let leaves: Vec<usize> = arguments
            .iter()
            .filter_map(|give| match give {
                Give::Leaf(leaf, _) => Some(*leaf),
                _ => None,
            })
            .collect();
        let mut found = Vec::new();
        for (reading, _) in dependence.columns.get(*leaves.first()?)? {
            let keys = arguments.iter().map(|give| match give {
                Give::Literal(text, _) => Some(KeyPart::Constant(text.to_string())),
                Give::Leaf(leaf, _) => {
                    let places = dependence.columns.get(*leaf)?;
                    let (_, column) = places.iter().find(|(of, _)| of == reading)?;
                    Some(KeyPart::Column(*column))
                }
                _ => None,
            });
            found.push((first + reading, keys.collect::<Option<Vec<_>>>()?));
        }
        (!found.is_empty()).then_some(found)
    }

    /// The rows of each reading of a part that rows of its cover are computed of; nothing if they are too many to be told.
    fn needed(
        &self,
        at: usize,
        places: &Places<'_>,
        reached: &[RoaringTreemap],
    ) -> Result<Option<Vec<RoaringTreemap>>, Error> {
        let Followed { dependence, first } = &self.parts[at];
        let last = first + dependence.readings.len();
        let mut rows = vec![RoaringTreemap::new(); self.nodes.len()];
        for reading in &dependence.cover {
            rows[first + reading].clone_from(&reached[first + reading]);
        }
        let own = dependence.edges.iter().map(|edge| moved(edge, *first));
        let (edges, whole): (Vec<Edge>, Vec<Edge>) = own.partition(|edge| !edge.columns.is_empty());
        let edges: Vec<Edge> = edges.iter().map(Edge::turned).collect();
        let Reached::Rows(mut rows) = places.follow(rows, &edges, &[], &|_| false)? else { return Ok(None) };
        for edge in whole {
            let states = &places.tables[self.nodes[edge.from]];
            rows[edge.from] = &*states.before.alive() | &*states.now.alive();
        }
        Ok(Some(rows.drain(*first..last).collect()))
    }
}

/// Tells all references that an object may hold, each with the number of its element.
fn references<'o>(object: &'o Object, tell: &mut dyn FnMut(u32, &'o Call)) {
    fn of_give<'o>(give: &'o Give, info: u32, tell: &mut dyn FnMut(u32, &'o Call)) {
        match give {
            Give::Absent | Give::Literal(..) | Give::Leaf(..) | Give::Joined(_) => {}
            Give::Call(call) => {
                if call.function == Function::Ref {
                    tell(info, call);
                }
                call.arguments.iter().for_each(|give| of_give(give, info, tell));
            }
            Give::Case(_, all) | Give::Coalesce(all) => all.iter().for_each(|give| of_give(give, info, tell)),
        }
    }
    for alternative in object.members.iter().flat_map(|member| &member.slots).flat_map(|entry| &entry.alternatives) {
        alternative.items.iter().for_each(|item| of_give(&item.give, item.info, tell));
        alternative.object.iter().for_each(|object| references(object, tell));
    }
}
