//! Runs a script.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use llm_router::gateway::Reply;

use super::{
    calendar::window,
    errand::{self, Errand, Response, Stage},
    script::{Op, Request, Script},
    shape::Leaf,
    story::Story,
    world::{self, World},
};
use crate::{random::Random, world::NoHead};

/// Times that one request may wait: three times what its calls, attempts and sleeps can need.
const STEPS_MAX: usize = 600;

struct OnItsWay {
    errand: Rc<Errand>,
    future: Pin<Box<dyn Future<Output = Reply<Response>>>>,
    steps: usize,
}

struct Life {
    world: Rc<World>,
    calm: bool,
    on_their_way: Vec<OnItsWay>,
}

/// The counts of a life in which nothing was wrong, or what was.
pub(super) fn live(script: &Script) -> Result<BTreeMap<String, u64>, String> {
    let world = Rc::new(World::new(script));
    let mut life = Life { world: Rc::clone(&world), calm: script.calm, on_their_way: Vec::new() };
    for (at, op) in script.ops.iter().enumerate() {
        life.apply(op);
        wrong(&world).map_err(|wrong| format!("operation {at}, {op:?}: {wrong}"))?;
    }
    life.finish();
    wrong(&world).map_err(|wrong| format!("at the end: {wrong}"))?;
    Ok(world.tally.take())
}

fn wrong(world: &World) -> Result<(), String> {
    match &world.wrong.take()[..] {
        [] => Ok(()),
        all => Err(all.join("; ")),
    }
}

impl Life {
    fn apply(&mut self, op: &Op) {
        let world = Rc::clone(&self.world);
        if self.calm && !matches!(op, Op::Step(_)) {
            self.finish();
        }
        match op {
            Op::Request(request) => self.begin(request),
            Op::Step(which) => self.step(*which),
            Op::Leave(which) => {
                if !self.on_their_way.is_empty() {
                    let which = which % self.on_their_way.len();
                    self.on_their_way.remove(which);
                }
            }
            Op::Wait(ms) => world.clock.set(world.clock.get() + ms),
            Op::Edge(unit, nudge) => {
                let (_, end) = window(unit, 1, world.clock.get());
                world.clock.set(end.saturating_add_signed(*nudge).max(world.clock.get()));
            }
            Op::Mail(which) => {
                let count = world.post.borrow().len();
                if count > 0 {
                    let (provider, text) = world.post.borrow_mut().remove(which % count);
                    world.deliver(provider, &text);
                }
            }
            Op::Restart(provider) => world.objects.borrow_mut()[*provider].restart(),
            Op::Alarm(provider) => world.objects.borrow_mut()[*provider].expire(world.clock.get()),
            Op::Cut(provider) => world.objects.borrow_mut()[*provider].cut = true,
            Op::Mend(provider) => world.objects.borrow_mut()[*provider].cut = false,
            Op::Forget(isolate) => self.configure(*isolate, None),
            Op::Edit(isolate, version) => self.configure(*isolate, Some(*version)),
        }
    }

    /// Replaces an isolate, or only its config.
    fn configure(&self, isolate: usize, version: Option<usize>) {
        let isolate = &mut self.world.isolates.borrow_mut()[isolate];
        isolate.version = version.unwrap_or(isolate.version);
        let fresh = world::gateway(&self.world.shapes[isolate.version], &self.world.knobs);
        isolate.gateway = match version {
            Some(_) => Rc::new(fresh.remembering(Rc::clone(&isolate.gateway.memory))),
            None => {
                isolate.told = Rc::default();
                Rc::new(fresh)
            }
        };
    }

    fn begin(&mut self, request: &Request) {
        let (gateway, errand) = self.errand(request);
        self.know_what_is_away(&errand);
        let read = gateway.read(&NoHead, Some(request.wire), errand.body.as_bytes()).unwrap();
        let ports = Rc::clone(&errand);
        let future = Box::pin(async move { gateway.answer(&*ports, &NoHead, &read).await });
        self.on_their_way.push(OnItsWay { errand, future, steps: 0 });
        self.world.count("requests");
        self.step(self.on_their_way.len() - 1);
    }

    fn errand(&self, request: &Request) -> (Rc<llm_router::gateway::Gateway>, Rc<Errand>) {
        let world = &self.world;
        let isolates = world.isolates.borrow();
        let isolate = &isolates[request.isolate];
        let shape = Rc::clone(&world.shapes[isolate.version]);
        let reach = shape.reach(request.name, request.wire);
        let now = world.clock.get() + isolate.skew_ms;
        let away = |leaf: &Leaf| isolate.told.borrow().is_away(now, *leaf, request.wire, &shape);
        let away: BTreeSet<Leaf> = reach.leaves.iter().copied().filter(away).collect();
        let errand = Errand {
            world: Rc::clone(world),
            request: request.clone(),
            body: errand::body(request),
            away,
            shape,
            reach,
            skew_ms: isolate.skew_ms,
            told: Rc::clone(&isolate.told),
            story: RefCell::new(Story::default()),
            stage: Cell::new(Stage::Going),
            random: RefCell::new(Random(request.seed)),
        };
        (Rc::clone(&isolate.gateway), Rc::new(errand))
    }

    /// Whether those that are passed over have no room. Where news gets lost or comes late, some have.
    fn know_what_is_away(&self, errand: &Errand) {
        let objects = self.world.objects.borrow();
        for leaf in &errand.away {
            let closed = objects[leaf.0].model.closed_until(self.world.clock.get(), &errand.asked(*leaf));
            self.world.count(if closed.is_some() { "passed over" } else { "passed over on old news" });
            self.world
                .check(closed.is_some() || !self.calm, || format!("{leaf:?} is passed over and has room"));
        }
    }

    /// Lets a request go on to its next point of waiting; if it sleeps, so does everyone.
    fn step(&mut self, which: usize) {
        if self.on_their_way.is_empty() {
            return;
        }
        if self.on_their_way.len() > 1 {
            self.world.count("steps among several requests");
        }
        let which = which % self.on_their_way.len();
        let OnItsWay { errand, future, steps } = &mut self.on_their_way[which];
        if let Stage::Asleep(until) = errand.stage.get() {
            self.world.clock.set(self.world.clock.get().max(until));
        }
        errand.stage.set(Stage::Going);
        *steps += 1;
        let endless = *steps > STEPS_MAX;
        self.world.check(!endless, || "a request does not end".to_owned());
        let polled = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        if let Poll::Ready(reply) = &polled {
            errand.judge_reply(reply);
        }
        if polled.is_ready() || endless {
            self.on_their_way.remove(which);
        }
    }

    /// Every request to its end, the first one first.
    fn finish(&mut self) {
        while !self.on_their_way.is_empty() {
            self.step(0);
        }
    }
}
