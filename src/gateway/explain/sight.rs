//! What is known of one step of a plan: whether its provider can be asked at all, and what its ledger says.

use std::collections::BTreeMap;

use crate::{
    config,
    explain::{Blocked, Candidate},
    gateway::{
        Gateway,
        last::{Last, Refused},
    },
    ledger::{
        message::{Reason, Refusal},
        standing::{Standing, Usage},
    },
    route::{Plan, Step},
    status::{Answers, Bucket},
    time::Millis,
};

/// See the module documentation.
pub(super) enum Sight<'a> {
    /// The ledgers were not asked.
    Unknown,
    /// It did not answer.
    Unreachable,
    /// The provider cannot be asked as configured, and why.
    NotConfigured(String),
    Seen(&'a Standing, Option<&'a Refusal>),
}

/// One for each step of the plan.
pub(super) fn sights<'a>(gateway: &Gateway, plan: &Plan<'_>, answers: Option<&'a Answers>) -> Vec<Sight<'a>> {
    // Candidates were asked about in the order of the plan, each provider about its own.
    let mut asked: BTreeMap<&str, usize> = BTreeMap::new();
    let sight = |step: &Step<'_>, number: usize| {
        if let Some((_, Err(fault))) = gateway.destination(step) {
            return Sight::NotConfigured(fault.to_string());
        }
        let Some(answers) = answers else { return Sight::Unknown };
        let standing = answers.get(&step.provider.id).and_then(Option::as_ref);
        let refusal = standing.and_then(|standing| standing.refusals.get(number));
        match (standing, refusal) {
            (Some(standing), Some(refusal)) => Sight::Seen(standing, refusal.as_ref()),
            _ => Sight::Unreachable,
        }
    };
    let mut sights = Vec::with_capacity(plan.steps.len());
    for step in &plan.steps {
        let number = asked.entry(&step.provider.id).or_default();
        sights.push(sight(step, *number));
        *number += 1;
    }
    sights
}

impl Sight<'_> {
    /// Where the ledgers were not asked, nothing is known to be in the way.
    pub(super) fn may_be_sent(&self) -> bool {
        matches!(self, Self::Unknown | Self::Seen(_, None))
    }

    /// Adds why this step takes no request.
    pub(super) fn refuse(&self, at: usize, now: Millis, last: &mut Last) {
        match self {
            Self::Unknown | Self::Seen(_, None) => {}
            Self::Unreachable => last.unavailable = true,
            Self::NotConfigured(fault) => last.fault = Some(fault.clone()),
            Self::Seen(_, Some(refusal)) => last.refused.push(Refused::new(at, refusal, now)),
        }
    }

    pub(super) fn tell(&self, step: &Step<'_>, plan: &Plan<'_>) -> Candidate {
        let same =
            |other: &Step<'_>| other.provider.id == step.provider.id && other.model.id == step.model.id;
        Candidate {
            name: step.name(),
            provider: step.provider.id.clone(),
            model: step.model.id.clone(),
            upstream_format: step.wire.config_name().to_owned(),
            translated: step.wire != plan.wire,
            remembered_away: plan.away.iter().any(|(other, _)| same(other)),
            ready: match self {
                Self::Unknown => None,
                _ => Some(self.may_be_sent()),
            },
            blocked: self.blocked(),
            buckets: self.buckets(step.provider, step),
        }
    }

    fn blocked(&self) -> Option<Blocked> {
        let plain = |reason: &str, detail: Option<&str>| Blocked {
            reason: reason.to_owned(),
            detail: detail.map(str::to_owned),
            until: None,
            until_ms: None,
        };
        match self {
            Self::Unknown | Self::Seen(_, None) => None,
            Self::Unreachable => Some(plain("unreachable", None)),
            Self::NotConfigured(fault) => Some(plain("not_configured", Some(fault))),
            Self::Seen(standing, Some(refusal)) => {
                let (reason, detail) = match &refusal.reason {
                    Reason::Quota(bucket) => ("quota", Some(bucket.as_str())),
                    Reason::NeverFits(bucket) => ("never_fits", Some(bucket.as_str())),
                    Reason::Cooldown(class) => ("cooldown", Some(class.name())),
                    Reason::Circuit => ("circuit", None),
                    Reason::Probing => ("probing", None),
                    Reason::Full => ("full", None),
                };
                // By the object's clock, as everything else that it told.
                let until = refusal.retry_after_ms.map(|ms| standing.now.after(ms));
                let (iso, ms) = (until.map(Millis::iso), until.map(|until| until.0));
                Some(Blocked { until: iso, until_ms: ms, ..plain(reason, detail) })
            }
        }
    }

    /// The step's buckets. Usage was asked for of all that the provider has.
    fn buckets(&self, provider: &config::Provider, step: &Step<'_>) -> Vec<Bucket> {
        let usage = |at: usize| -> Option<&Usage> {
            match self {
                Self::Seen(standing, _) => standing.usage.get(at),
                _ => None,
            }
        };
        let all = provider.buckets.iter().enumerate();
        all.filter(|(_, bucket)| bucket.models.covers(&step.model.id))
            .map(|(at, bucket)| Bucket::new(bucket, usage(at)))
            .collect()
    }
}
