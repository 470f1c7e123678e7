//! Which segment of a message is which of its structure: the reading with the least that is missing or misplaced.

use super::grammar::{Missing, Structure};

/// What a required segment costs that is missing.
const MISSING: u32 = 4_000;
/// What one costs that many senders leave out.
const OFTEN_MISSING: u32 = 1_000;
/// What a segment costs that stands where it cannot: more than one that is missing, less than two.
const MISPLACED: u32 = 7_000;
/// Of two that change places the later one is told.
const LATER: usize = 999;

/// How one segment of the message is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It follows; what is missing before it.
    Follows(Missing),
    /// It stands where it cannot, and the message goes on from it or from what was before.
    Misplaced,
}

/// A reading up to one segment.
#[derive(Clone, Copy)]
struct Reached {
    leaf: usize,
    cost: u32,
    /// Which of the readings before it goes on from.
    from: usize,
    step: Step,
}

/// The steps of a message whose segments (all of the structure) have these ids, and what is missing at its end.
pub(super) fn read(structure: &Structure, ids: &[[u8; 3]]) -> (Vec<Step>, Missing) {
    let cost_of = |missing: Missing| -> u32 {
        let each = |(at, leaf): (usize, &super::grammar::Leaf)| match (missing >> at & 1, leaf.is_strict) {
            (0, _) => 0,
            (_, true) => MISSING,
            (_, false) => OFTEN_MISSING,
        };
        structure.leaves.iter().enumerate().map(each).sum()
    };
    let mut steps: Vec<Vec<Reached>> = Vec::with_capacity(ids.len());
    for (place, id) in ids.iter().enumerate() {
        let misplaced = MISPLACED + LATER.saturating_sub(place) as u32;
        let leaves = || structure.leaves.iter().enumerate().filter(|(_, leaf)| leaf.id == *id).map(|(at, _)| at);
        let mut reached: Vec<Reached> = Vec::new();
        let mut reach = |new: Reached| match reached.iter_mut().find(|known| known.leaf == new.leaf) {
            None => reached.push(new),
            Some(known) if new.cost < known.cost => *known = new,
            Some(_) => {}
        };
        match steps.last() {
            None => {
                for leaf in leaves() {
                    let missing = structure.first[leaf].unwrap_or_default();
                    reach(Reached { leaf, cost: cost_of(missing), from: 0, step: Step::Follows(missing) });
                }
            }
            Some(before) => {
                for (from, known) in before.iter().enumerate() {
                    for (leaf, missing) in &structure.follow[known.leaf] {
                        if structure.leaves[*leaf].id == *id {
                            let cost = known.cost + cost_of(*missing);
                            reach(Reached { leaf: *leaf, cost, from, step: Step::Follows(*missing) });
                        }
                    }
                }
                for (from, known) in before.iter().enumerate() {
                    let cost = known.cost + misplaced;
                    reach(Reached { leaf: known.leaf, cost, from, step: Step::Misplaced });
                    for leaf in leaves() {
                        reach(Reached { leaf, cost, from, step: Step::Misplaced });
                    }
                }
            }
        }
        // What costs more than a misplaced segment beyond the best is reached from the best as well.
        let best = reached.iter().map(|reached| reached.cost).min().unwrap_or_default();
        reached.retain(|reached| reached.cost <= best + misplaced);
        steps.push(reached);
    }
    let Some(last) = steps.last() else { return (Vec::new(), 0) };
    let ended = |reached: &Reached| structure.last[reached.leaf].unwrap_or_default();
    let Some((mut at, end)) = last
        .iter()
        .enumerate()
        .min_by_key(|(_, reached)| reached.cost + cost_of(ended(reached)))
        .map(|(at, reached)| (at, ended(reached)))
    else {
        return (Vec::new(), 0);
    };
    let mut path = Vec::with_capacity(ids.len());
    for step in steps.iter().rev() {
        path.push(step[at].step);
        at = step[at].from;
    }
    path.reverse();
    (path, end)
}
