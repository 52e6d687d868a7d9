//! What has happened to a request so far, and whether it should have.

use std::collections::{BTreeMap, BTreeSet};

use llm_router::ledger::message::Grant;

use super::{
    answer::{Answer, Expected},
    errand::Errand,
    shape::Leaf,
};

#[derive(Default)]
pub(super) struct Story {
    pub(super) calls: usize,
    /// To objects.
    pub(super) questions: usize,
    pub(super) sleeps: usize,
    pub(super) settlements: usize,
    /// The reservation that is not used yet.
    pub(super) held: Option<Held>,
    pub(super) tried: Vec<Tried>,
    /// The last word of the ledger on each candidate that had no room.
    pub(super) denied: BTreeMap<Leaf, Denied>,
    pub(super) unavailable: BTreeSet<Leaf>,
    /// It was answered, or may not be tried again.
    pub(super) over: bool,
}

#[derive(Clone)]
pub(super) struct Held {
    pub(super) leaf: Leaf,
    pub(super) at: u64,
    pub(super) grant: Grant,
    /// The how manieth of its provider.
    pub(super) number: u64,
}

pub(super) struct Tried {
    pub(super) leaf: Leaf,
    pub(super) held: Held,
    pub(super) answer: Answer,
    pub(super) answered_at: u64,
    /// When all that is known of it was, by the isolate's clock.
    pub(super) read_at: u64,
    pub(super) settled: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Denied {
    pub(super) until: u64,
    /// How long the news was on its way.
    pub(super) lag_ms: u64,
    /// Changes of its object until then.
    pub(super) changes: u64,
}

impl Errand {
    /// Whether this attempt may be made now.
    pub(super) fn judge_attempt(&self, story: &Story, leaf: Leaf) {
        let world = &self.world;
        world.check(!story.over, || format!("an attempt at {leaf:?} after the end"));
        world.check(!self.shape.providers[leaf.0].keyless, || format!("{leaf:?} has no key"));
        // Everyone who should have been asked before.
        for (first, second) in &self.reach.order {
            if !second.contains(&leaf) {
                continue;
            }
            let passed = first.iter().find(|earlier| !self.has_no_room(story, **earlier));
            world.check(passed.is_none(), || format!("{leaf:?} was asked before {passed:?}"));
        }
        let last = story.tried.iter().rfind(|tried| tried.leaf == leaf);
        if let Some(last) = last {
            world.count("attempts again");
            let expected = self.expected(last);
            let due = last.answered_at + expected.wait_ms;
            let may = expected.retry && !last.held.grant.probe && self.clock() >= due;
            world.check(may, || format!("{leaf:?} was asked again after {:?}", last.answer));
            let others = story.tried.iter().any(|tried| tried.leaf != leaf);
            world.check(!others, || format!("{leaf:?} was asked again after others"));
        }
    }

    fn has_no_room(&self, story: &Story, leaf: Leaf) -> bool {
        let tried = story.tried.iter().any(|tried| tried.leaf == leaf);
        let told = story.denied.contains_key(&leaf) || story.unavailable.contains(&leaf);
        tried || told || self.away.contains(&leaf) || self.shape.providers[leaf.0].keyless
    }

    pub(super) fn expected(&self, tried: &Tried) -> Expected {
        tried.answer.expected(&self.world.knobs, tried.answered_at, tried.read_at)
    }

    /// Every target's last attempt must have been settled by the end, and no other.
    pub(super) fn judge_settlements(&self, story: &Story) {
        for (at, tried) in story.tried.iter().enumerate() {
            let last = !story.tried[at + 1..].iter().any(|later| later.leaf == tried.leaf);
            let what = || format!("attempt {at} ({:?}): settled {}", tried.answer, tried.settled);
            self.world.check(tried.settled == last, what);
        }
    }
}
