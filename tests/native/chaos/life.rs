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
    faults::Fault,
    script::{Op, Request, Script},
    shape::Leaf,
    story::Story,
    trip::{Asker, Trip},
    world::{self, Isolate, World},
};
use crate::{random::Random, world::NoHead};

/// Times that one request may wait: three times what its questions, waits, attempts and sleeps can need.
const STEPS_MAX: usize = 1_800;

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
pub(super) fn live(script: &Script, fault: Option<Fault>) -> Result<BTreeMap<String, u64>, String> {
    let world = Rc::new(World::new(script, fault));
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
                    let (provider, letter) = world.post.borrow_mut().remove(which % count);
                    world.deliver(provider, &letter);
                }
            }
            Op::Restart(provider) => world.objects.borrow_mut()[*provider].restart(),
            Op::Alarm(provider) => world.objects.borrow_mut()[*provider].expire(world.clock.get()),
            Op::Cut(provider) => world.objects.borrow_mut()[*provider].cut = true,
            Op::Mend(provider) => world.objects.borrow_mut()[*provider].cut = false,
            Op::Round => {
                for _ in 0..self.on_their_way.len() {
                    self.step_of(0);
                    let last = self.on_their_way.len().saturating_sub(1);
                    self.on_their_way[..].rotate_left(usize::from(last > 0));
                }
            }
            Op::Back(isolate, fate) => {
                let isolates = world.isolates.borrow();
                let Isolate { desk, skew_ms, .. } = &isolates[*isolate];
                for provider in 0..world.shapes[0].providers.len() {
                    desk.give_back(&world, *skew_ms, provider, *fate);
                }
            }
            Op::Die(isolate) => self.die(*isolate),
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
                isolate.desk = Rc::default();
                Rc::new(fresh)
            }
        };
    }

    /// An isolate ends with all that it does and holds; its questions arrive, and nobody hears the answer.
    fn die(&mut self, isolate: usize) {
        let desk = Rc::clone(&self.world.isolates.borrow()[isolate].desk);
        self.on_their_way.retain(|one| !Rc::ptr_eq(&one.errand.desk, &desk));
        let all = self.world.trips.take();
        let (dead, alive): (Vec<Trip>, Vec<Trip>) =
            all.into_iter().partition(|trip| Rc::ptr_eq(&trip.desk, &desk));
        self.world.trips.replace(alive);
        for mut trip in dead {
            if trip.decided.is_none() {
                trip.decide(&self.world);
            }
        }
        self.configure(isolate, None);
    }

    fn begin(&mut self, request: &Request) {
        let (gateway, errand) = self.errand(request);
        self.know_what_is_away(&errand);
        let read = gateway.read(&NoHead, Some(request.wire), errand.body.as_bytes()).unwrap();
        let ports = Rc::clone(&errand);
        let future = Box::pin(async move { gateway.answer(&*ports, &NoHead, &read).await });
        self.on_their_way.push(OnItsWay { errand, future, steps: 0 });
        self.world.count("requests");
        self.step_of(self.on_their_way.len() - 1);
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
            stage: Rc::new(Cell::new(Stage::Going)),
            desk: Rc::clone(&isolate.desk),
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
            let true_once = !self.calm || objects[leaf.0].has_taken_back;
            self.world
                .check(closed.is_some() || true_once, || format!("{leaf:?} is passed over and has room"));
        }
    }

    /// Lets a request or a question go on to its next point of waiting.
    fn step(&mut self, which: usize) {
        let requests = self.on_their_way.len();
        let trips = self.world.trips.borrow().len();
        if requests + trips == 0 {
            return;
        }
        if requests > 1 {
            self.world.count("steps among several requests");
        }
        match which % (requests + trips) {
            request if request < requests => self.step_of(request),
            trip => self.travel(trip - requests),
        }
    }

    /// If a request sleeps, so does everyone.
    fn step_of(&mut self, which: usize) {
        let Some(OnItsWay { errand, future, steps }) = self.on_their_way.get_mut(which) else { return };
        *steps += 1;
        let endless = *steps > STEPS_MAX;
        self.world.check(!endless, || "a request does not end".to_owned());
        let now = self.world.clock.get();
        let trips = self.world.trips.borrow();
        let under_way = match errand.stage.get() {
            Stage::Asking(number) => trips.iter().position(|trip| trip.asked.number == number),
            Stage::Held(until) if now < until => {
                trips.iter().position(|trip| Rc::ptr_eq(&trip.desk, &errand.desk))
            }
            _ => None,
        };
        drop(trips);
        if let Some(trip) = under_way
            && !endless
        {
            return self.travel(trip);
        }
        if let Stage::Asleep(until) | Stage::Held(until) = errand.stage.get() {
            self.world.clock.set(now.max(until));
        }
        errand.stage.set(Stage::Going);
        let polled = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        if let Poll::Ready(reply) = &polled {
            errand.judge_reply(reply);
        }
        if polled.is_ready() || endless {
            self.on_their_way.remove(which);
        }
    }

    fn travel(&self, which: usize) {
        let mut trip = self.world.trips.borrow_mut().remove(which);
        if trip.decided.is_some() {
            let asker = trip.asker.take();
            let decided = trip.arrive(&self.world);
            if let Some(Asker { stage, answer }) = asker {
                stage.set(Stage::Going);
                answer.set(Some(decided));
            }
        } else {
            trip.decide(&self.world);
            self.world.trips.borrow_mut().insert(which, trip);
        }
    }

    /// Everything to its end, the first request first.
    fn finish(&mut self) {
        while !self.on_their_way.is_empty() {
            self.step_of(0);
        }
        while !self.world.trips.borrow().is_empty() {
            self.travel(0);
        }
    }
}
