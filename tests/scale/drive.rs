//! What an isolate does with its holder, as the Worker does: asks, waits, sends, settles, gives back.

use llm_router::{
    leases::{Again, Question, Take, WAIT_MS},
    ledger::message::{Failure, FailureClass, Grant, Reserved, Verdict},
};

use crate::{
    object::{Call, Letter},
    play::{Asked, Event, PROVIDER, Play, Waiting},
};

/// A question is given up after this long.
const GIVE_UP_US: u64 = 3_000_000;

/// A site is far from the object from this round trip on, ms.
const FAR_MS: f64 = 200.0;

/// Until an upstream's headers are here: of an answer, of a 429.
const HEADERS_MS: (u64, u64) = (300, 3_000);
const REFUSAL_MS: (u64, u64) = (50, 300);

/// An upstream is this far away, ms.
const UPSTREAM_WAY_MS: u64 = 20;

impl Play<'_> {
    pub(crate) fn attempt(&mut self, isolate: usize, waiting: Waiting, again: Again) {
        let here = &mut self.isolates[isolate];
        let now = here.clock(self.now_us);
        match here.holder.take(now, PROVIDER, &self.ask, self.scenario.leases, again) {
            Take::Unit { grant, ahead } => {
                self.tally.at_hand += 1;
                self.send(isolate, waiting, *grant, true);
                if let Some(question) = ahead {
                    self.ask(isolate, question, None);
                }
                self.plan_look(isolate);
            }
            Take::Ask(question) => self.ask(isolate, question, Some(waiting)),
            Take::Wait(_) => {
                let life = here.life;
                here.waiting.insert(waiting.number, waiting.since_us);
                let insist = Event::Insist { isolate, life, number: waiting.number };
                self.agenda.add(self.now_us + WAIT_MS * 1_000, insist);
            }
        }
    }

    pub(crate) fn insist(&mut self, isolate: usize, life: u64, number: u64) {
        if self.isolates[isolate].life != life {
            return;
        }
        if let Some(since_us) = self.isolates[isolate].waiting.remove(&number) {
            self.attempt(isolate, Waiting { number, since_us }, Again::Insists);
        }
    }

    fn ask(&mut self, isolate: usize, question: Question, request: Option<Waiting>) {
        self.questions += 1;
        let number = self.questions;
        let life = self.isolates[isolate].life;
        let call = || Call::Reserve(Box::new(question.ask.clone()));
        let lost = self.random.chance(self.scenario.faults.lost);
        let twice = self.random.chance(self.scenario.faults.twice);
        if !lost {
            self.post(isolate, Letter { call: call(), answer_to: Some(number) });
        }
        if twice {
            self.post(isolate, Letter { call: call(), answer_to: None });
        }
        self.asked.insert(number, Asked { isolate, life, question, request });
        if lost {
            self.agenda.add(self.now_us + GIVE_UP_US, Event::Answered { to: number, reserved: None });
        }
    }

    fn post(&mut self, isolate: usize, letter: Letter) {
        let way_us = self.way_us(isolate);
        self.agenda.add(self.now_us + way_us, Event::Arrived(letter));
    }

    fn way_us(&mut self, isolate: usize) -> u64 {
        self.world.sites[self.world.site_of[isolate]].way_us(&mut self.random)
    }

    /// The object's answer sets out.
    pub(crate) fn reply(&mut self, leaves_us: u64, to: u64, reserved: Reserved) {
        let Some(isolate) = self.asked.get(&to).map(|asked| asked.isolate) else { return };
        let way_us = self.way_us(isolate);
        let lost = self.random.chance(self.scenario.faults.lost);
        let (late_us, reserved) = if lost { (GIVE_UP_US, None) } else { (0, Some(reserved)) };
        self.agenda.add(leaves_us + way_us + late_us, Event::Answered { to, reserved });
    }

    pub(crate) fn answered(&mut self, to: u64, reserved: Option<Reserved>) {
        let Some(Asked { isolate, life, question, request }) = self.asked.remove(&to) else { return };
        let here = &mut self.isolates[isolate];
        if here.life != life {
            return;
        }
        let shared = question.is_shared();
        let own = here.holder.heard(&question, reserved);
        let now = here.clock_on_answer(self.now_us);
        match (own, request) {
            // It might arrive in a window that did not count it.
            (Some(Reserved::Grant(grant)), Some(request)) if question.is_late(now, &grant) => {
                self.settle(isolate, &grant, false, Verdict::Neutral);
                self.attempt(isolate, request, Again::No);
            }
            (Some(Reserved::Grant(grant)), Some(request)) => {
                let leased = grant.ticket.charges.is_empty();
                self.send(isolate, request, grant, leased);
            }
            // Nobody waits for it.
            (Some(Reserved::Grant(grant)), None) => self.settle(isolate, &grant, false, Verdict::Neutral),
            (Some(Reserved::Denial(_)), Some(_)) => self.tally.denied += 1,
            (None, Some(_)) => self.tally.failed += 1,
            (_, None) => {}
        }
        self.plan_look(isolate);
        if !shared {
            return;
        }
        for (number, since_us) in std::mem::take(&mut self.isolates[isolate].waiting) {
            self.attempt(isolate, Waiting { number, since_us }, Again::Waited);
        }
    }

    /// Sends a request upstream, and settles what comes of it.
    fn send(&mut self, isolate: usize, waiting: Waiting, grant: Grant, leased: bool) {
        let waited_us = self.now_us - waiting.since_us;
        self.tally.sent += 1;
        self.tally.wait.note(waited_us);
        if self.world.sites[self.world.site_of[isolate]].rtt_ms >= FAR_MS {
            self.tally.far_wait.note(waited_us);
        }
        self.audit.sent(self.true_time(), &grant, leased);
        let cooling = self.object.cooling;
        if (cooling.from_us..cooling.until_us).contains(&self.now_us)
            && let Some(count) = self.tally.after_cooldown.last_mut()
        {
            *count += 1;
        }
        let rest_ms = self.rest_ms();
        let (least, most) = if rest_ms.is_some() { REFUSAL_MS } else { HEADERS_MS };
        if !grant.report && !leased && rest_ms.is_none() {
            return; // nobody wants to know
        }
        let answer_us = self.now_us + self.random.between(least, most) * 1_000;
        let life = self.isolates[isolate].life;
        self.agenda.add(answer_us, Event::Outcome { isolate, life, grant: Box::new(grant), rest_ms });
    }

    /// How long the upstream still wants to be left alone when a request that leaves now arrives.
    fn rest_ms(&self) -> Option<u64> {
        let at_ms = self.now_us / 1_000 + UPSTREAM_WAY_MS;
        let rest =
            self.scenario.rests.iter().find(|(from, s)| (from * 1_000..(from + s) * 1_000).contains(&at_ms));
        rest.map(|(from, s)| (from + s) * 1_000 - at_ms)
    }

    pub(crate) fn outcome(&mut self, isolate: usize, life: u64, grant: &Grant, rest_ms: Option<u64>) {
        if self.isolates[isolate].life != life {
            return;
        }
        let verdict = rest_ms.map_or(Verdict::Good, |cooldown_ms| {
            let class = FailureClass::RateLimited;
            Verdict::Bad(Failure { class, cooldown_ms, circuit: None, good_ms_ago: None })
        });
        self.settle(isolate, grant, true, verdict);
        self.plan_look(isolate);
    }

    fn settle(&mut self, isolate: usize, grant: &Grant, sent: bool, verdict: Verdict) {
        let here = &mut self.isolates[isolate];
        let now = here.clock(self.now_us);
        if let Some(settle) = here.holder.settle(now, PROVIDER, grant, sent, verdict)
            && !self.random.chance(self.scenario.faults.lost)
        {
            self.post(isolate, Letter { call: Call::Settle(Box::new(settle)), answer_to: None });
        }
    }

    /// Plans to look for units to give back.
    fn plan_look(&mut self, isolate: usize) {
        let here = &mut self.isolates[isolate];
        let Some(at) = here.holder.next_return(PROVIDER) else { return };
        let at_us = here.time_of(at).max(self.now_us) + 1_000;
        if here.look_us.is_none_or(|planned| at_us < planned) {
            here.look_us = Some(at_us);
            let life = here.life;
            self.agenda.add(at_us, Event::Look { isolate, life });
        }
    }

    pub(crate) fn look(&mut self, isolate: usize, life: u64) {
        let here = &mut self.isolates[isolate];
        if here.life != life || here.look_us.is_none_or(|planned| planned > self.now_us) {
            return;
        }
        here.look_us = None;
        let now = here.clock(self.now_us);
        let returns = here.holder.unused(now, PROVIDER);
        if !returns.is_empty() && !self.random.chance(self.scenario.faults.lost) {
            self.post(isolate, Letter { call: Call::GiveBack(returns), answer_to: None });
        }
        self.plan_look(isolate);
    }
}
