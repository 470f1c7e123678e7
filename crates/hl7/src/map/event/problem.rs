//! PPR, PGL, PPP, PPG: problems, goals and pathways, each with the others that belong to it.

use super::super::MapError;
use super::super::context::Context;
use super::super::encounter::StayEvent;
use super::super::order::Patient;
use super::super::transaction::{Key, Write};
use super::chart::Noted;
use super::end_at;
use super::order::{Orders, order_end};
use crate::message::Segment;

/// The last problem, goal and pathway told.
#[derive(Default)]
struct Told {
    problem: Option<Key>,
    goal: Option<Key>,
    pathway: Option<Key>,
}

impl<'m> Context<'m> {
    pub(super) fn problem_group(&self, group: &[Segment<'m>], event: &StayEvent<'_>) -> Result<(), MapError> {
        let mut chart = self.chart(group, event, Write::CreateIfAbsent, Write::CreateIfAbsent)?;
        // What a message lists is what comes first; the others belong to the one that they follow.
        let listed = group.iter().find(|segment| ["PRB", "GOL", "PTH"].iter().any(|id| segment.is(id)));
        let mut told = Told::default();
        let mut noted = Noted::default();
        let mut at = 0;
        while at < group.len() {
            let segment = group[at];
            self.within(segment, segment);
            if listed.is_some_and(|listed| listed.id() == segment.id()) {
                told = Told::default();
            }
            let patient = Patient { subject: &chart.subject, encounter: chart.encounter() };
            match segment.id().as_str() {
                "PRB" => {
                    told.problem = self.problem(segment, &patient);
                    noted.is_about(told.problem.clone());
                    self.belongs(told.goal.as_ref(), "addresses", told.problem.as_ref());
                    self.belongs(told.pathway.as_ref(), "addresses", told.problem.as_ref());
                }
                "GOL" => {
                    told.goal = self.goal(segment, &patient);
                    noted.is_about(told.goal.clone());
                    self.belongs(told.goal.as_ref(), "addresses", told.problem.as_ref());
                    self.belongs(told.pathway.as_ref(), "goal", told.goal.as_ref());
                }
                "PTH" => {
                    told.pathway = self.pathway(segment, &patient);
                    noted.is_about(told.pathway.clone());
                    self.belongs(told.pathway.as_ref(), "addresses", told.problem.as_ref());
                    self.belongs(told.pathway.as_ref(), "goal", told.goal.as_ref());
                }
                "ORC" | "OBR" => {
                    let end = order_end(group, at, false);
                    let end = end_at(&group[..end], at, &["PRB", "GOL", "PTH"]);
                    let orders = Orders { group, event, specimen_first: false };
                    self.orders(&group[at..end], &mut chart, &orders);
                    at = end;
                    continue;
                }
                _ => self.beside(group, at, &chart, Write::CreateIfAbsent, &mut noted),
            }
            at += 1;
        }
        Ok(())
    }

    fn belongs(&self, owner: Option<&Key>, name: &str, other: Option<&Key>) {
        let (Some(owner), Some(other)) = (owner, other) else { return };
        let reference = self.reference(other);
        self.change(owner, |resource| {
            resource.push(name, reference);
        });
    }
}
