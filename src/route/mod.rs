//! From a requested model name to the candidates that may serve it, in order.
//!
//! A name is `provider/model` (the model by id or by its own alias), a bare model name that exactly one
//! provider has, or nothing at all (`smart`, blank), which means `defaultModel`. The first candidate is the
//! model asked for; its `fallbackModels` follow. Fallbacks of fallbacks do not.

use crate::{
    config::{Config, Model, Provider},
    ledger::message::{Candidate, Cap, Target},
    wire::{
        Wire,
        error::{ClientError, Kind},
    },
};

/// Name that stands for `defaultModel`.
pub const DEFAULT_NAME: &str = "smart";

/// Ambiguous choices and suggestions named in an error, at most.
const CHOICES_MAX: usize = 8;

/// Longest name, in bytes, that is worth a guess at what was meant.
const NAME_MAX: usize = 128;

/// One model of one provider.
#[derive(Clone, Copy, Debug)]
pub struct Step<'c> {
    pub provider: &'c Provider,
    pub model: &'c Model,
}

impl Step<'_> {
    fn is(&self, other: &Self) -> bool {
        self.provider.id == other.provider.id && self.model.id == other.model.id
    }

    pub fn name(&self) -> String {
        format!("{}/{}", self.provider.id, self.model.id)
    }

    /// What the provider's ledger is asked.
    pub fn candidate(&self, wire: Wire) -> Candidate {
        let buckets = self.provider.buckets.iter().filter(|bucket| bucket.models.covers(&self.model.id));
        Candidate {
            target: Target::new(&self.model.id, wire),
            buckets: buckets
                .map(|bucket| Cap {
                    id: bucket.id.clone(),
                    limit: bucket.requests,
                    unit: bucket.window.unit.into(),
                    size: bucket.window.size,
                })
                .collect(),
        }
    }
}

/// Candidates for a request, all of which speak its format.
#[derive(Debug)]
pub struct Plan<'c> {
    /// Never empty.
    pub steps: Vec<Step<'c>>,
    pub wire: Wire,
}

/// The plan for a request for `requested` in format `wire`. A format that was only guessed (`certain` is
/// false) gives way to the one that the model is served in.
pub fn plan<'c>(
    config: &'c Config,
    requested: Option<&str>,
    wire: Wire,
    certain: bool,
) -> Result<Plan<'c>, ClientError> {
    let primary = resolve(config, requested)?;
    let other = Wire::ALL.into_iter().find(|other| primary.provider.speaks(primary.model, *other));
    let wire = match other {
        Some(other) if !certain && !primary.provider.speaks(primary.model, wire) => other,
        _ => wire,
    };
    let mut steps = vec![primary];
    for fallback in &primary.model.fallbacks {
        let step = config
            .provider(&fallback.provider)
            .and_then(|provider| provider.model(&fallback.model).map(|model| Step { provider, model }));
        if let Some(step) = step
            && !steps.iter().any(|known| known.is(&step))
        {
            steps.push(step);
        }
    }
    steps.retain(|step| step.provider.speaks(step.model, wire));
    if steps.is_empty() {
        return Err(no_format(&primary, wire));
    }
    Ok(Plan { steps, wire })
}

fn resolve<'c>(config: &'c Config, requested: Option<&str>) -> Result<Step<'c>, ClientError> {
    let name = match requested {
        Some(name) if name != DEFAULT_NAME => name,
        _ => config.default_model.as_deref().ok_or_else(|| {
            let message = "The request names no model and the gateway has no `defaultModel`";
            ClientError::new(Kind::InvalidRequest, message).param("model")
        })?,
    };
    let alias = name.strip_prefix("alias:").unwrap_or(name);
    if config.alias(alias).is_some() {
        let message =
            format!("`{}` is a model alias; this version routes to `provider/model` only", shown(alias));
        return Err(ClientError::new(Kind::InvalidRequest, message).param("model"));
    }
    if let Some((provider, model)) = name.split_once('/')
        && let Some(provider) = config.provider(provider)
        && let Some(model) = provider.model(model)
    {
        return Ok(Step { provider, model });
    }
    bare(config, name)
}

/// A model name without its provider. It may hold slashes of its own.
fn bare<'c>(config: &'c Config, name: &str) -> Result<Step<'c>, ClientError> {
    let found: Vec<Step<'c>> = config
        .providers
        .iter()
        .filter_map(|provider| provider.model(name).map(|model| Step { provider, model }))
        .collect();
    match found.as_slice() {
        [only] => Ok(*only),
        [] => Err(unknown(config, name)),
        several => {
            let choices: Vec<String> = several.iter().take(CHOICES_MAX).map(Step::name).collect();
            let message = format!(
                "Several providers have the model `{}`; ask for one of: {}",
                shown(name),
                choices.join(", ")
            );
            Err(ClientError::new(Kind::InvalidRequest, message).param("model"))
        }
    }
}

fn unknown(config: &Config, name: &str) -> ClientError {
    // Likeness costs the product of both lengths, for every model there is.
    let comparable = name.len() <= NAME_MAX;
    let names = config.providers.iter().flat_map(|provider| {
        provider.models.iter().flat_map(move |model| {
            [format!("{}/{}", provider.id, model.id)].into_iter().chain(model.aliases.iter().cloned())
        })
    });
    let closest = names
        .filter(|_| comparable)
        .map(|known| (strsim::jaro_winkler(&known, name), known))
        .filter(|(likeness, _)| *likeness > 0.7)
        .max_by(|(a, _), (b, _)| a.total_cmp(b));
    let hint = closest.map_or_else(
        || "see GET /v1/models for the models of this gateway".to_owned(),
        |(_, known)| format!("did you mean `{known}`?"),
    );
    ClientError::new(Kind::ModelNotFound, format!("Unknown model `{}`; {hint}", shown(name))).param("model")
}

fn no_format(step: &Step<'_>, wire: Wire) -> ClientError {
    let spoken: Vec<&str> = Wire::ALL
        .into_iter()
        .filter(|wire| step.provider.speaks(step.model, *wire))
        .map(Wire::config_name)
        .collect();
    let message = format!(
        "`{}` is not served in the format of this request ({}); it speaks: {}",
        step.name(),
        wire.config_name(),
        spoken.join(", "),
    );
    ClientError::new(Kind::InvalidRequest, message)
}

/// A client's words, short enough and printable.
fn shown(name: &str) -> String {
    name.chars().take(100).map(|c| if c.is_control() { '?' } else { c }).collect()
}
