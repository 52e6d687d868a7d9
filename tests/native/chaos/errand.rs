//! One request's ports. Each effect waits twice, on its way out and on its way back, until the script lets
//! it go on, so that everything else may happen in between. What is seen on the way is checked at once.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    future::poll_fn,
    rc::Rc,
    task::Poll,
};

use llm_router::{
    config::Leases,
    ledger::message::{Grant, Reserve, Reserved, Verdict},
    ports::{Attempt, Opening, Outgoing, Ports, ReadBody, SendError, Unavailable},
    time::Millis,
    wire::Wire,
};

use super::{
    answer::Answer,
    desk::{Desk, Got},
    model::Asked,
    script::Request,
    shape::{Leaf, Reach, Shape},
    story::{Denied, Held, Story, Tried},
    world::{Told, World},
};
use crate::random::Random;

pub(super) struct Errand {
    pub(super) world: Rc<World>,
    pub(super) request: Request,
    pub(super) body: String,
    /// The config as its isolate has it.
    pub(super) shape: Rc<Shape>,
    pub(super) reach: Reach,
    pub(super) skew_ms: u64,
    /// What its isolate has been told; an isolate that replaces it begins with nothing.
    pub(super) told: Rc<RefCell<Told>>,
    /// Candidates that its isolate had reason to pass over when it planned.
    pub(super) away: BTreeSet<Leaf>,
    pub(super) story: RefCell<Story>,
    pub(super) stage: Rc<Cell<Stage>>,
    pub(super) desk: Rc<Desk>,
    pub(super) random: RefCell<Random>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Stage {
    Going,
    Waiting,
    /// Until then.
    Asleep(u64),
    /// For the answer to this question, which others may wait for too.
    Asking(u64),
    /// For somebody's question, until then.
    Held(u64),
}

/// An upstream's answer: which attempt's.
#[derive(Debug)]
pub(super) struct Response(pub(super) usize);

impl Errand {
    pub(super) async fn wait(&self, stage: Stage) {
        self.stage.set(stage);
        poll_fn(|_| match self.stage.get() {
            Stage::Going => Poll::Ready(()),
            _ => Poll::Pending,
        })
        .await;
    }

    pub(super) fn clock(&self) -> u64 {
        self.world.clock.get()
    }

    pub(super) fn local(&self) -> u64 {
        self.clock() + self.skew_ms
    }

    pub(super) fn asked(&self, leaf: Leaf) -> Asked<'_> {
        self.shape.asked(leaf, self.request.wire)
    }

    /// The candidates of an ask, which must name exactly the caps that the config has.
    fn leaves(&self, provider: usize, ask: &Reserve) -> Vec<Leaf> {
        let read = |candidate: &llm_router::ledger::message::Candidate| {
            let models = 0..self.shape.providers[provider].models.len();
            let model =
                models.into_iter().find(|model| self.asked((provider, *model)).target == candidate.target.0);
            let leaf = (provider, model.unwrap());
            let caps =
                candidate.buckets.iter().map(|cap| format!("{} {} {}", cap.id, cap.limit, cap.window()));
            let buckets = self.shape.buckets(leaf);
            let buckets = buckets.map(|b| format!("{} {} {}:{}", b.id, b.requests, b.unit, b.size));
            self.world.check(caps.eq(buckets), || format!("asked with other caps: {candidate:?}"));
            self.world.check(self.reach.leaves.contains(&leaf), || format!("no candidate: {leaf:?}"));
            leaf
        };
        self.world.check(ask.amount == 1, || "an attempt counts as one".to_owned());
        ask.candidates.iter().map(read).collect()
    }

    /// Takes note of a reply that has arrived.
    fn hear(&self, leaves: &[Leaf], got: &Result<Got, Unavailable>) {
        let (at, changes) =
            got.as_ref().map_or((self.clock(), 0), |got| (got.decided.at, got.decided.changes));
        let reply = got.as_ref().map_or(&Err(Unavailable), |got| &got.decided.reply);
        let mut story = self.story.borrow_mut();
        let mut deny = |refused: &[Leaf], waits: &[Option<u64>]| {
            for (at_leaf, leaf) in refused.iter().enumerate() {
                let until = at + waits.get(at_leaf).copied().flatten().unwrap_or_default();
                story.unavailable.remove(leaf);
                story.denied.insert(*leaf, Denied { until, lag_ms: self.clock() - at, changes });
            }
        };
        let hints = match reply {
            Ok(Reserved::Grant(grant)) => {
                deny(&leaves[..grant.candidate], &[]);
                let leaf = leaves[grant.candidate];
                let number = self.world.objects.borrow()[leaf.0].model.number(&grant.ticket.id);
                // What is let through now is sent now.
                story.held = Some(Held { leaf, at: self.clock(), grant: grant.clone(), number });
                &grant.hints[..]
            }
            Ok(Reserved::Denial(denial)) => {
                let waits: Vec<_> = denial.refusals.iter().map(|refusal| refusal.retry_after_ms).collect();
                deny(leaves, &waits);
                &denial.hints
            }
            Err(Unavailable) => {
                for leaf in leaves {
                    story.denied.remove(leaf);
                    story.unavailable.insert(*leaf);
                }
                &[]
            }
        };
        let mut told = self.told.borrow_mut();
        for (leaf, hint) in leaves.iter().zip(hints) {
            told.learn(self.local(), *leaf, self.request.wire, hint);
        }
    }

    fn change<T>(&self, attempt: usize, change: impl FnOnce(&mut Tried) -> T) -> T {
        change(&mut self.story.borrow_mut().tried[attempt])
    }

    /// Ends an attempt; the answer decides whether there may be another.
    fn end(&self, attempt: usize) {
        let local = self.local();
        self.change(attempt, |tried| tried.read_at = local);
        let mut story = self.story.borrow_mut();
        let tried = &story.tried[attempt];
        if tried.held.grant.probe {
            let mut told = self.told.borrow_mut();
            told.resting.remove(&(tried.leaf, self.request.wire));
        }
        let over = !self.expected(tried).fall_back;
        story.over = over;
    }
}

impl Ports for Errand {
    type Response = Response;

    fn now(&self) -> Millis {
        Millis(self.local())
    }

    fn draw(&self) -> f64 {
        self.random.borrow_mut().next()
    }

    async fn sleep(&self, ms: u64) {
        self.story.borrow_mut().sleeps += 1;
        if self.story.borrow().tried.is_empty() {
            self.world.count("waits for a target to recover");
        }
        self.wait(Stage::Asleep(self.clock() + ms)).await;
    }

    async fn reserve(&self, provider: &str, ask: &Reserve, terms: Leases) -> Result<Reserved, Unavailable> {
        self.story.borrow_mut().calls += 1;
        let provider: usize = provider[1..].parse().unwrap();
        self.world.check(self.story.borrow().held.is_none(), || "a reservation was not used".to_owned());
        let leaves = self.leaves(provider, ask);
        let (max, ttl_ms) = self.shape.providers[provider].terms();
        self.world.check((terms.max, terms.ttl_ms) == (max, ttl_ms), || format!("not its terms: {terms:?}"));
        let got = self.get(provider, ask, &leaves, terms).await;
        self.hear(&leaves, &got);
        let got = got?;
        if let Ok(Reserved::Grant(grant)) = &got.decided.reply {
            self.hand_out(provider, grant, got.waited);
        }
        got.decided.reply
    }

    fn settle(&self, provider: &str, grant: &Grant, sent: bool, verdict: Verdict) {
        let mut story = self.story.borrow_mut();
        let found = story.tried.iter().position(|tried| tried.held.grant.ticket == grant.ticket);
        let Some(at) = found else {
            return self.world.wrong(format!("a settlement of nothing: {grant:?}"));
        };
        let tried = &mut story.tried[at];
        let expected = self.expected(tried).verdict;
        let left = tried.answer != Answer::NeverSent;
        let right = verdict == expected && sent == left && !tried.settled;
        self.world.check(right && provider == format!("p{}", tried.leaf.0), || {
            format!("{:?} was settled as {verdict:?}, expected {expected:?}", tried.answer)
        });
        tried.settled = true;
        if let Verdict::Bad(failure) = &verdict {
            let mut told = self.told.borrow_mut();
            told.rest(self.local(), tried.leaf, self.request.wire, failure.cooldown_ms);
        }
        let leaf = tried.leaf;
        drop(story);
        if !sent {
            self.world.objects.borrow_mut()[leaf.0].truth.unsent(&grant.ticket);
        }
        self.tell(leaf.0, grant, sent, verdict);
    }

    async fn send(&self, attempt: Attempt<'_>) -> Result<Response, SendError> {
        let body = self.body.as_bytes();
        let sent = match attempt.body {
            Outgoing::Own(Some(splice)) => splice.apply(body),
            Outgoing::Own(None) => body.to_vec(),
            Outgoing::Other(other) => other.to_vec(),
        };
        let sent: serde_json::Value = serde_json::from_slice(&sent).unwrap();
        let model: usize = sent["model"].as_str().unwrap()[1..].parse().unwrap();
        let host = attempt.destination.url.split(['/', '.']).nth(2).unwrap();
        let leaf = (host[1..].parse().unwrap(), model);
        let number = self.story.borrow().tried.len();
        let answer = self.request.answers.get(number).copied().unwrap_or(Answer::Fine);
        let answer = if self.request.stream { answer } else { answer.without_stream() };
        let held = {
            let mut story = self.story.borrow_mut();
            self.judge_attempt(&story, leaf);
            story.held.take()
        };
        let Some(held) = held.filter(|held| held.leaf == leaf) else {
            self.world.wrong(format!("an attempt at {leaf:?} without a reservation for it"));
            return Err(SendError::NeverSent);
        };
        let (at, grant) = (held.at, held.number);
        let tried = Tried { leaf, held, answer, answered_at: 0, read_at: 0, settled: false };
        self.story.borrow_mut().tried.push(tried);
        self.wait(Stage::Waiting).await;
        if answer != Answer::NeverSent {
            self.world.arrive(&self.shape, leaf, at, grant);
        }
        self.world.count(&format!("attempts answered {}", answer.status().map_or(0, |status| status / 100)));
        let now = self.clock();
        self.change(number, |tried| tried.answered_at = now);
        self.wait(Stage::Waiting).await;
        let error = match answer {
            Answer::Network => SendError::Network,
            Answer::Timeout => SendError::Timeout,
            Answer::NeverSent => SendError::NeverSent,
            answer => {
                if answer == Answer::Fine && !self.request.stream {
                    self.end(number);
                }
                return Ok(Response(number));
            }
        };
        self.end(number);
        Err(error)
    }

    fn status(&self, response: &Response) -> u16 {
        self.change(response.0, |tried| tried.answer).status().unwrap()
    }

    async fn peek(&self, response: Response) -> Result<(Response, Option<Opening>), SendError> {
        let answer = self.change(response.0, |tried| tried.answer);
        self.wait(Stage::Waiting).await;
        if answer == Answer::LostOpening {
            self.end(response.0);
            return Err(SendError::Network);
        }
        if answer == Answer::Fine {
            self.end(response.0);
        }
        Ok((response, Some(answer.opening())))
    }

    async fn read_failure(&self, response: Response, _max: usize) -> ReadBody {
        self.wait(Stage::Waiting).await;
        let (answer, at) = self.change(response.0, |tried| (tried.answer, tried.answered_at));
        self.end(response.0);
        let mut headers = answer.headers(at);
        headers.push(("x-attempt".to_owned(), response.0.to_string()));
        ReadBody { headers, body: answer.body().as_bytes().to_vec() }
    }

    async fn read_success(&self, response: Response, max: usize) -> Result<ReadBody, SendError> {
        Ok(self.read_failure(response, max).await)
    }

    fn headers(&self, _response: &Response) -> Vec<(String, String)> {
        Vec::new()
    }

    fn body(&self) -> Vec<u8> {
        Vec::new()
    }

    fn request_id(&self) -> String {
        String::new()
    }
}

/// What the request says.
pub(super) fn body(request: &Request) -> String {
    let mut body = serde_json::json!({ "model": super::shape::name(request.name), "stream": request.stream });
    if let Some(user) = request.user {
        body["user"] = serde_json::json!(user.to_string());
    }
    if request.wire == Wire::Responses {
        body["max_tokens"] = serde_json::json!(9);
    }
    body.to_string()
}
