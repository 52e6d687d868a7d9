//! Where a request would go now, and why, without sending one: nobody's turn is taken, nothing is counted.
//!
//! In two steps, because the ledgers have to be asked in between: [`Gateway::outlook`] plans on a copy of the
//! memory, [`Gateway::explain`] walks the plan with the ledgers' answers as `drive` would.

mod sight;

use super::{Gateway, last::Last};
use crate::{
    config::{Provider, Strategy},
    explain::{Explanation, LeftOut, Question, Refused, Route, VERSION, branch},
    ledger::standing::Inquiry,
    route::{Moment, NoPlan, Place, Plan, Wish, plan},
    status::{Answers, inquiry},
    time::Millis,
    trace::{self, SkipReason},
    wire::{Wire, error::ClientError},
};
use sight::{Sight, sights};

/// What is known before the ledgers have been asked.
#[derive(Debug)]
pub struct Outlook<'c> {
    requested: Option<String>,
    plan: Plan<'c>,
}

/// A question that needs no ledger to be answered.
#[derive(Debug)]
pub enum Early {
    /// The name leads nowhere.
    Unknown(ClientError),
    /// It leads somewhere, but nothing there can serve the format.
    Answer(Box<Explanation>),
}

impl<'c> Outlook<'c> {
    /// What the objects of these providers are to be asked.
    pub fn inquiries(&self) -> Vec<(&'c Provider, Inquiry)> {
        let mut inquiries: Vec<(&'c Provider, Inquiry)> = Vec::new();
        for step in &self.plan.steps {
            let known = inquiries.iter_mut().find(|(provider, _)| provider.id == step.provider.id);
            if let Some((_, inquiry)) = known {
                inquiry.candidates.push(step.candidate());
            } else {
                let candidates = vec![step.candidate()];
                inquiries.push((step.provider, Inquiry { candidates, ..inquiry(step.provider) }));
            }
        }
        inquiries
    }
}

impl Gateway {
    /// The plan for such a request.
    pub fn outlook(&self, question: &Question, now: Millis) -> Result<Outlook<'_>, Early> {
        let wire = question.wire.unwrap_or(Wire::Chat);
        let wish = Wish { model: question.model.as_deref(), wire, certain: question.wire.is_some() };
        let moment = Moment { now, draw: 0.0, conversation: None };
        let mut memory = self.memory.borrow().clone();
        let requested = question.model.clone();
        match plan(&self.config, wish, &mut memory, moment) {
            Ok(plan) => Ok(Outlook { requested, plan }),
            Err(refused) => Err(match *refused {
                NoPlan { error, route: None, .. } => Early::Unknown(error),
                NoPlan { error, route: Some(route), mute } => {
                    let blank = self.blank(requested, wire, &route, &mute, now);
                    Early::Answer(Box::new(refuse(blank, &error, wire)))
                }
            }),
        }
    }

    /// The plan with what the ledgers said; `None`: they were not asked.
    pub fn explain(&self, outlook: &Outlook<'_>, answers: Option<&Answers>, now: Millis) -> Explanation {
        let Outlook { requested, plan } = outlook;
        let sights = sights(self, plan, answers);
        let told = plan.steps.iter().zip(&sights).map(|(step, sight)| sight.tell(step, plan));
        let explanation = Explanation {
            live: answers.is_some(),
            candidates: told.collect(),
            ..self.blank(requested.clone(), plan.wire, &plan.route, &plan.mute, now)
        };
        if let Some(at) = sights.iter().position(Sight::may_be_sent)
            && let Some(step) = plan.steps.get(at)
        {
            let reason = if at == 0 { plan.reason } else { "the first in this order that has room" };
            let (outcome, reason) = ("sent".to_owned(), reason.to_owned());
            return Explanation { outcome, chosen: Some(step.name()), reason, ..explanation };
        }
        let last = last(&sights, now);
        if let Some((at, ms)) = last.recovering(now, self.settings.cooldown_wait_ms)
            && let Some(step) = plan.steps.get(at)
        {
            let reason = "the first to recover, soon enough to be waited for".to_owned();
            let outcome = "waits".to_owned();
            return Explanation {
                outcome,
                chosen: Some(step.name()),
                reason,
                wait_ms: Some(ms),
                ..explanation
            };
        }
        refuse(explanation, &last.refused(now), plan.wire)
    }

    /// What is known of the route itself.
    fn blank(
        &self,
        requested: Option<String>,
        wire: Wire,
        route: &trace::Route,
        mute: &[Place<'_>],
        now: Millis,
    ) -> Explanation {
        let alias = route.strategy.and_then(|_| self.config.alias(&route.name));
        Explanation {
            version: VERSION,
            gateway: env!("CARGO_PKG_VERSION").to_owned(),
            now: now.iso(),
            now_ms: now.0,
            live: false,
            requested,
            format: wire.config_name().to_owned(),
            route: Route {
                kind: route.kind.name().to_owned(),
                name: route.name.clone(),
                strategy: route.strategy.map(str::to_owned),
            },
            alias: alias.map(|alias| branch(&self.config, alias)),
            candidates: Vec::new(),
            left_out: mute.iter().map(left_out).collect(),
            outcome: "refused".to_owned(),
            chosen: None,
            reason: String::new(),
            wait_ms: None,
            error: None,
            notes: alias.map(|alias| notes(alias.strategy)).unwrap_or_default(),
        }
    }
}

fn left_out(place: &Place<'_>) -> LeftOut {
    let formats = Wire::ALL.into_iter().filter(|wire| place.provider.speaks(place.model, *wire));
    LeftOut {
        name: place.name(),
        reason: SkipReason::FormatIncompatible.name().to_owned(),
        formats: formats.map(|wire| wire.config_name().to_owned()).collect(),
    }
}

fn notes(strategy: Strategy) -> Vec<String> {
    let turns = "turns are counted in each isolate, and the first one of an isolate is drawn by lot";
    let conversation = "requests of one conversation stay where it is";
    let notes: &[&str] = match strategy {
        Strategy::Ordered => &[],
        Strategy::RoundRobin | Strategy::WeightedRoundRobin | Strategy::QuotaAware => &[turns],
        Strategy::Auto => &[turns, conversation],
    };
    notes.iter().map(|note| (*note).to_owned()).collect()
}

/// What the client would be told when no step takes the request.
fn last(sights: &[Sight<'_>], now: Millis) -> Last {
    let mut last = Last::default();
    for (at, sight) in sights.iter().enumerate() {
        sight.refuse(at, now, &mut last);
    }
    last
}

fn refuse(explanation: Explanation, error: &ClientError, wire: Wire) -> Explanation {
    let message = error.message_for(wire).to_owned();
    let refused = Refused {
        status: error.status_for(wire),
        message: message.clone(),
        retry_after_ms: error.retry_after_ms,
    };
    Explanation { outcome: "refused".to_owned(), reason: message, error: Some(refused), ..explanation }
}
