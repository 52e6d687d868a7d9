//! What must be true of a request once it has been answered.

use std::collections::BTreeSet;

use llm_router::{
    gateway::{Content, Reply},
    ledger::message::{Candidate, Cap, Reserve, Target, Unit, Verdict},
    log,
    trace::Trace,
    wire::error::{ClientError, Kind},
};
use serde_json::Value;

use super::{
    answer::Answer,
    errand::{Errand, Response},
    shape::Leaf,
    story::Story,
    world::opens,
};

/// A client that is told nothing better comes again after a second where an object could not be asked.
const UNKNOWN_MS: u64 = 1_000;

impl Errand {
    pub(super) fn judge_reply(&self, reply: &Reply<Response>) {
        let story = self.story.borrow();
        self.judge_bounds(&story);
        self.judge_trace(&story, &reply.trace);
        self.judge_settlements(&story);
        let world = &self.world;
        let last = story.tried.len().checked_sub(1);
        let succeeded = last.is_some_and(|last| self.expected(&story.tried[last]).verdict == Verdict::Good);
        match &reply.content {
            Content::Relay(Response(of)) => {
                world.check(succeeded && Some(*of) == last, || format!("attempt {of} was relayed"));
                world.count("replies: relayed");
                return;
            }
            Content::Failure { failure, .. } => {
                let of = failure.headers.iter().find(|(name, _)| name == "x-attempt");
                let of = of.and_then(|(_, value)| value.parse().ok());
                world.check(of == last && last.is_some(), || format!("attempt {of:?} was told"));
                world.count("replies: an upstream's failure");
            }
            Content::Error { error, .. } => self.judge_error(&story, error),
            Content::Stream { .. } | Content::Document { .. } => world.wrong("nothing is translated here"),
        }
        world.check(!succeeded, || "a success was not told".to_owned());
        // Nobody gives up while there is somebody to ask.
        if !story.over {
            let unasked = self.reach.leaves.iter().find(|leaf| !self.was_asked(&story, **leaf));
            world.check(unasked.is_none(), || format!("{unasked:?} was not asked"));
        }
    }

    fn was_asked(&self, story: &Story, leaf: Leaf) -> bool {
        let tried = story.tried.iter().any(|tried| tried.leaf == leaf);
        let refused = story.denied.contains_key(&leaf) || story.unavailable.contains(&leaf);
        tried || refused || self.shape.providers[leaf.0].keyless
    }

    fn judge_bounds(&self, story: &Story) {
        let (leaves, retries) = (self.reach.leaves.len(), self.world.knobs.attempts as usize - 1);
        let Story { calls, sleeps, tried, .. } = story;
        let fine =
            tried.len() <= leaves + retries && *calls <= leaves + retries + 1 && *sleeps <= retries + 1;
        self.world.check(fine, || format!("{calls} calls, {sleeps} sleeps, {} attempts", tried.len()));
    }

    fn judge_trace(&self, story: &Story, trace: &Trace) {
        let traced = trace.attempts.iter().map(|attempt| (attempt.target.clone(), attempt.status));
        let tried = story
            .tried
            .iter()
            .map(|tried| (format!("p{}/m{}", tried.leaf.0, tried.leaf.1), seen_status(tried.answer)));
        let (traced, tried): (Vec<_>, Vec<_>) = (traced.collect(), tried.collect());
        self.world.check(traced == tried, || format!("traced {traced:?}, made {tried:?}"));
        let entry = log::Entry {
            id: "x",
            subject: log::Subject::Call,
            wire: None,
            status: 200,
            error: None,
            identity: None,
            access: None,
            key: None,
            trace,
            times: log::Times::default(),
        };
        let line: Value = serde_json::from_str(&entry.line()).unwrap();
        let logged = line["attempts"].as_array().map_or(0, Vec::len);
        self.world.check(logged == tried.len().min(16), || format!("logged as {line}"));
    }

    fn judge_error(&self, story: &Story, error: &ClientError) {
        let world = &self.world;
        world.count(&format!("replies: {:?}", error.kind));
        let (tried, denied) = (!story.tried.is_empty(), !story.denied.is_empty());
        let keyless = |leaf: &Leaf| self.shape.providers[leaf.0].keyless;
        let fine = match error.kind {
            Kind::RateLimit => !tried && denied,
            Kind::Unavailable => !tried && !denied && !story.unavailable.is_empty(),
            Kind::InvalidRequest => self.reach.leaves.is_empty() && story.calls == 0,
            Kind::Configuration => tried || !denied && self.reach.leaves.iter().all(keyless),
            Kind::Api | Kind::Timeout => tried,
            _ => false,
        };
        world.check(fine, || format!("not the time for {error:?}: {:?}", story.denied));
        if error.kind == Kind::RateLimit {
            self.judge_wait(story, error);
        }
        if error.kind == Kind::Unavailable {
            world.check(error.retry_after_ms == Some(UNKNOWN_MS), || format!("{error:?}"));
        }
    }

    /// Whether a client that waits as long as it is told is served, and could not have been sooner.
    fn judge_wait(&self, story: &Story, error: &ClientError) {
        let world = &self.world;
        let Some(wait) = error.retry_after_ms else {
            return world.wrong("429 with no time, and every request fits some day");
        };
        let now = world.clock.get();
        let until = now + wait;
        let earliest = story.denied.values().map(|denied| denied.until).min().unwrap();
        let slack = story.denied.values().map(|denied| denied.lag_ms).max().unwrap();
        if !story.unavailable.is_empty() {
            let sooner = wait <= UNKNOWN_MS && until <= earliest.max(now) + slack;
            return world.check(sooner, || format!("told to wait {wait} by those that could be asked"));
        }
        let told = until >= earliest && until <= earliest.max(now) + slack;
        world.check(told, || format!("told to wait until {until} at {now}: {:?}", story.denied));
        let objects = world.objects.borrow();
        let providers: BTreeSet<usize> = story.denied.keys().map(|leaf| leaf.0).collect();
        let unchanged = story.denied.iter().all(|(leaf, denied)| objects[leaf.0].changes == denied.changes);
        if !unchanged || providers.iter().any(|provider| objects[*provider].cut) {
            return;
        }
        let open =
            |at: u64| story.denied.keys().any(|leaf| opens(&objects[leaf.0].ledger, at, &self.ask(*leaf)));
        world.check(open(until), || format!("told to wait {wait}, which is not enough"));
        if until > now + slack {
            world.check(!open(until - 1 - slack), || format!("told to wait {wait}, which is too long"));
        }
        world.count("waits that were proven");
    }

    /// An ask for one candidate, by the config.
    fn ask(&self, leaf: Leaf) -> Reserve {
        let asked = self.asked(leaf);
        let cap = |bucket: &&super::shape::Bucket| Cap {
            id: bucket.id.clone(),
            limit: bucket.requests,
            unit: unit(bucket.unit),
            size: u32::try_from(bucket.size).unwrap(),
        };
        let buckets = asked.buckets.iter().map(cap).collect();
        Reserve::one(vec![Candidate { target: Target(asked.target), buckets }])
    }
}

/// A stream's connection that is lost before it begins counts as no answer.
fn seen_status(answer: Answer) -> Option<u16> {
    answer.status().filter(|_| answer != Answer::LostOpening)
}

fn unit(name: &str) -> Unit {
    match name {
        "second" => Unit::Second,
        "minute" => Unit::Minute,
        "hour" => Unit::Hour,
        "day" => Unit::Day,
        "week" => Unit::Week,
        _ => Unit::Month,
    }
}
