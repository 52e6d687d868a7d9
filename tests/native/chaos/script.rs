//! What happens, as data: drawn from a seed, cut down when it fails, printed so that it can be read.

use std::fmt;

use llm_router::wire::Wire;

use super::{
    answer::{Answer, Knobs},
    shape::{Shape, Target, name},
};
use crate::random::Random;

/// One life of a gateway.
#[derive(Clone, Debug)]
pub(super) struct Script {
    pub(super) start: u64,
    pub(super) knobs: Knobs,
    /// Versions of the config; the first is the one that everybody starts with.
    pub(super) shapes: Vec<Shape>,
    pub(super) isolates: usize,
    /// Nothing goes wrong but upstreams, and one request is finished before anything else happens: then all
    /// that is known of providers is true.
    pub(super) calm: bool,
    /// Many requests at a time, and little time between them: enough for leases.
    pub(super) busy: bool,
    pub(super) ops: Vec<Op>,
}

#[derive(Clone)]
pub(super) enum Op {
    Request(Request),
    /// The n-th request on its way gets to its next point of waiting.
    Step(usize),
    /// Its client leaves.
    Leave(usize),
    Wait(u64),
    /// To the next full minute, hour, day, week or month, or a millisecond before or after.
    Edge(&'static str, i64),
    /// A settlement that was late arrives.
    Mail(usize),
    /// The provider's object is lost and read from its rows.
    Restart(usize),
    Alarm(usize),
    Cut(usize),
    Mend(usize),
    /// Everyone on its way gets to its next point of waiting.
    Round,
    /// Units whose lease is over are sent back by an isolate.
    Back(usize, Mail),
    /// The isolate is gone, with all that it does.
    Die(usize),
    /// The isolate is replaced, and ends what it does.
    Forget(usize),
    /// The isolate gets a version of the config.
    Edit(usize, usize),
}

#[derive(Clone)]
pub(super) struct Request {
    pub(super) isolate: usize,
    pub(super) name: Target,
    pub(super) wire: Wire,
    pub(super) stream: bool,
    pub(super) user: Option<u64>,
    /// For what the gateway draws.
    pub(super) seed: u64,
    /// Of its calls, attempts and settlements, in order; beyond the end all is well.
    pub(super) calls: Vec<Call>,
    pub(super) answers: Vec<Answer>,
    pub(super) mail: Vec<Mail>,
}

/// What becomes of a call to a provider object.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Call {
    Well,
    /// It never arrives.
    Lost,
    /// It is decided and written, and nobody hears of it.
    ReplyLost,
    /// It is decided, and the write fails.
    WriteFails,
}

/// What becomes of a settlement.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Mail {
    Prompt,
    Late,
    Twice,
    Lost,
}

/// Part of the lives.
const BUSY: f64 = 0.2;

/// How often things go wrong.
struct Mood {
    calls: f64,
    answers: f64,
    /// Upstreams fail in ways that pass.
    passing: bool,
    mail: f64,
    rest: f64,
}

impl Script {
    pub(super) fn draw(seed: u64) -> Self {
        let mut random = Random(seed.wrapping_mul(0x5851_f42d_4c95_7f2d) ^ 0xcafe);
        let random = &mut random;
        let busy = random.chance(BUSY);
        let first = Shape::draw(random).with_room_for(if busy { random.pick(&[16, 40, 120]) } else { 1 });
        let calm = random.chance(0.25);
        let second = first.edited(random);
        let third = second.edited(random);
        let shapes = vec![first, second, third];
        let mood = Mood {
            calls: if calm { 0.0 } else { random.pick(&[0.0, 0.05, 0.3]) },
            answers: random.pick(&[0.0, 0.1, 0.3, 0.7]),
            passing: random.chance(0.3),
            mail: if calm { 0.0 } else { random.pick(&[0.0, 0.1, 0.5]) },
            rest: if calm { 0.0 } else { random.pick(&[0.0, 0.02, 0.06]) },
        };
        let isolates = if calm { 1 } else { random.pick(&[1, 1, 2, 3]) };
        let length = random.between(20, if busy { 60 } else { 100 });
        let mut script = Self {
            start: start(random),
            knobs: Knobs::draw(random),
            shapes,
            isolates,
            calm,
            busy,
            ops: Vec::new(),
        };
        while script.ops.len() < usize::try_from(length).unwrap() {
            script.more(random, &mood);
        }
        script
    }

    fn more(&mut self, random: &mut Random, mood: &Mood) {
        let providers = self.shapes[0].providers.len();
        let any = random.below(64);
        if random.chance(mood.rest) {
            let provider = random.below(providers);
            let isolate = random.below(self.isolates);
            self.ops.push(match random.below(8) {
                0 => Op::Restart(provider),
                1 => Op::Cut(provider),
                2..=3 => Op::Mend(provider),
                4 => Op::Forget(isolate),
                5 => Op::Edit(isolate, random.below(self.shapes.len())),
                6 => Op::Die(isolate),
                _ => Op::Leave(any),
            });
            return;
        }
        match random.below(20) {
            0..=3 => {
                let request = self.request(random, mood);
                let many = if self.busy { &[1, 2, 6, 12, 24] } else { &[1, 1, 1, 2, 6] };
                for _ in 0..random.pick(many) {
                    let seed = random.bits();
                    self.ops.push(Op::Request(Request { seed, ..request.clone() }));
                }
            }
            4 => self.ops.push(Op::Wait(match random.below(4) {
                0 => random.between(1, 50),
                1 => random.between(1, 2_000),
                _ if self.busy => random.between(1, 9_000),
                2 => random.between(1, 90_000),
                _ => random.between(1, 8_000_000),
            })),
            5 if random.chance(0.4) => {
                let unit = random.pick(&["minute", "hour", "day", "week", "month"]);
                self.ops.push(Op::Edge(unit, random.pick(&[-1, 0, 1])));
            }
            6 if random.chance(0.3) => self.ops.push(Op::Alarm(random.below(providers))),
            7 if mood.mail > 0.0 => self.ops.push(Op::Mail(any)),
            8..=15 if self.busy => self.ops.push(Op::Round),
            16 if self.busy => self.ops.push(Op::Back(random.below(self.isolates), mail(random, mood))),
            _ => self.ops.push(Op::Step(any)),
        }
    }

    fn request(&self, random: &mut Random, mood: &Mood) -> Request {
        let shape = &self.shapes[0];
        let last = self.ops.iter().rev().find_map(|op| match op {
            Op::Request(request) if self.busy => Some(request.name),
            _ => None,
        });
        let name = if let Some(last) = last.filter(|_| random.chance(0.7)) {
            last
        // An alias may ask for another list each time, of which none is wanted often.
        } else if random.chance(if self.busy { 0.3 } else { 0.65 }) {
            Target::Alias(random.below(shape.aliases.len()))
        } else {
            let provider = random.below(shape.providers.len());
            Target::Model((provider, random.below(shape.providers[provider].models.len())))
        };
        let mut some = |rate: f64| random.chance(rate);
        let calls: Vec<bool> = (0..6).map(|_| some(mood.calls)).collect();
        let answers: Vec<bool> = (0..8).map(|_| some(mood.answers)).collect();
        let calls = calls.into_iter().map(|bad| {
            if bad { random.pick(&[Call::Lost, Call::ReplyLost, Call::WriteFails]) } else { Call::Well }
        });
        let calls = calls.collect();
        let draw = if mood.passing { Answer::draw_passing } else { Answer::draw };
        let answers = answers.into_iter().map(|bad| if bad { draw(random) } else { Answer::Fine });
        let answers = answers.map(|answer| match answer {
            // Its reservation is returned, of which the isolate hears nothing.
            Answer::NeverSent if self.calm => Answer::Network,
            answer => answer,
        });
        let answers = answers.collect();
        let mail = (0..4).map(|_| mail(random, mood)).collect();
        Request {
            isolate: random.below(self.isolates),
            name,
            wire: random.pick(&[Wire::Completions, Wire::Completions, Wire::Completions, Wire::Responses]),
            stream: random.chance(0.4),
            user: random.chance(0.5).then(|| random.between(0, 3)),
            seed: 0,
            calls,
            answers,
            mail,
        }
    }
}

fn mail(random: &mut Random, mood: &Mood) -> Mail {
    let bad = random.chance(mood.mail);
    if bad { random.pick(&[Mail::Late, Mail::Twice, Mail::Lost]) } else { Mail::Prompt }
}

/// Somewhere in 2024 to 2031.
fn start(random: &mut Random) -> u64 {
    1_704_067_200_000 + random.bits() % (8 * 365 * 86_400_000)
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { start, knobs, shapes, isolates, calm, busy, ops } = self;
        writeln!(f, "start {start}, {isolates} isolates, calm: {calm}, busy: {busy}\n{knobs:?}")?;
        let edited = ops.iter().any(|op| matches!(op, Op::Edit(..)));
        for shape in shapes.iter().take(if edited { shapes.len() } else { 1 }) {
            writeln!(f, "config\n{}", shape.sketch())?;
        }
        ops.iter().try_for_each(|op| writeln!(f, "  {op:?}"))
    }
}

impl fmt::Debug for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(request) => request.fmt(f),
            Self::Step(which) => write!(f, "step {which}"),
            Self::Leave(which) => write!(f, "client leaves {which}"),
            Self::Wait(ms) => write!(f, "wait {ms}"),
            Self::Edge(unit, nudge) => write!(f, "edge of {unit} {nudge:+}"),
            Self::Mail(which) => write!(f, "late settlement {which}"),
            Self::Restart(provider) => write!(f, "restart p{provider}"),
            Self::Alarm(provider) => write!(f, "alarm p{provider}"),
            Self::Cut(provider) => write!(f, "cut p{provider}"),
            Self::Mend(provider) => write!(f, "mend p{provider}"),
            Self::Round => write!(f, "a round"),
            Self::Back(isolate, fate) => write!(f, "isolate {isolate} gives back {fate:?}"),
            Self::Die(isolate) => write!(f, "isolate {isolate} dies"),
            Self::Forget(isolate) => write!(f, "isolate {isolate} forgets"),
            Self::Edit(isolate, version) => write!(f, "isolate {isolate} gets config {version}"),
        }
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { isolate, name: asked, wire, stream, user, seed, calls, answers, mail } = self;
        write!(f, "request i{isolate} {} {wire:?} seed {seed:x}", name(*asked))?;
        if *stream {
            write!(f, " stream")?;
        }
        if let Some(user) = user {
            write!(f, " of {user}")?;
        }
        let bad = |f: &mut fmt::Formatter<'_>, what: &str, list: &[(usize, String)]| {
            list.iter().try_for_each(|(at, fate)| write!(f, " {what}{at}:{fate}"))
        };
        bad(f, "call", &unlike(calls, &Call::Well))?;
        bad(f, "attempt", &unlike(answers, &Answer::Fine))?;
        bad(f, "settle", &unlike(mail, &Mail::Prompt))
    }
}

fn unlike<T: fmt::Debug + PartialEq>(fates: &[T], well: &T) -> Vec<(usize, String)> {
    let bad = fates.iter().enumerate().filter(|(_, fate)| *fate != well);
    bad.map(|(at, fate)| (at, format!("{fate:?}"))).collect()
}
