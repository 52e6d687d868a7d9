//! What the name in a request stands for.
//!
//! | name                                | stands for                                                     |
//! |-------------------------------------|----------------------------------------------------------------|
//! | none, `smart`                       | `defaultModel`, itself a name of one of the forms below        |
//! | `alias:id`                          | an alias                                                       |
//! | the id of an alias                  | that alias                                                     |
//! | `provider/model`                    | a model, by id or by its own alias                             |
//! | a model's id or own alias           | that model, if exactly one provider has it                     |

use super::Place;
use crate::{
    config::{Alias, Config},
    trace::RouteKind,
    wire::error::{ClientError, Kind},
};

/// Name that stands for `defaultModel`.
pub const DEFAULT_NAME: &str = "smart";

/// Ambiguous choices named in an error, at most.
const CHOICES_MAX: usize = 8;

/// Where a name leads.
#[derive(Clone, Copy, Debug)]
pub(super) enum Found<'c> {
    Model(Place<'c>),
    Alias(&'c Alias),
}

pub(super) fn resolve<'c>(
    config: &'c Config,
    requested: Option<&str>,
) -> Result<(Found<'c>, RouteKind), ClientError> {
    match requested {
        Some(name) if name != DEFAULT_NAME => find(config, name),
        _ => {
            let name = config.default_model.as_deref().ok_or_else(|| {
                let message = "The request names no model and the gateway has no `defaultModel`";
                ClientError::new(Kind::InvalidRequest, message).param("model")
            })?;
            find(config, name).map(|(found, _)| (found, RouteKind::Default))
        }
    }
}

fn find<'c>(config: &'c Config, name: &str) -> Result<(Found<'c>, RouteKind), ClientError> {
    let explicit = name.strip_prefix("alias:");
    if let Some(alias) = config.alias(explicit.unwrap_or(name)) {
        return Ok((Found::Alias(alias), RouteKind::Alias));
    }
    if let Some((provider, model)) = name.split_once('/')
        && let Some((provider, model)) = config.model(provider, model)
    {
        return Ok((Found::Model(Place { provider, model }), RouteKind::Direct));
    }
    bare(config, name).map(|place| (Found::Model(place), RouteKind::BareModel))
}

/// A model name without its provider. It may hold slashes of its own.
fn bare<'c>(config: &'c Config, name: &str) -> Result<Place<'c>, ClientError> {
    let found: Vec<Place<'c>> =
        config.models_called(name).map(|(provider, model)| Place { provider, model }).collect();
    match found.as_slice() {
        [only] => Ok(*only),
        [] => Err(unknown(config, name)),
        several => {
            let choices: Vec<String> = several.iter().take(CHOICES_MAX).map(Place::name).collect();
            let message = format!(
                "Several providers have the model `{}`; ask for one of: {}",
                shown(name),
                choices.join(", ")
            );
            Err(ClientError::new(Kind::InvalidRequest, message).param("model"))
        }
    }
}

/// Longest name, in bytes, that is worth a guess at what was meant.
const NAME_MAX: usize = 128;

fn unknown(config: &Config, name: &str) -> ClientError {
    // What the name is compared with, and what is suggested.
    let models = config.providers.iter().flat_map(|provider| {
        provider.models.iter().flat_map(move |model| {
            let name = [&provider.id, "/", &model.id].concat();
            let own = model.aliases.iter().map(|alias| (alias.clone(), alias.clone()));
            [(name.clone(), name.clone()), (model.id.clone(), name)].into_iter().chain(own)
        })
    });
    let aliases = config.aliases.iter().map(|alias| (alias.id.clone(), alias.id.clone()));
    let meant = name.strip_prefix("alias:").unwrap_or(name);
    // Likeness costs the product of both lengths, for every name there is.
    let comparable = meant.len() <= NAME_MAX;
    let closest = aliases
        .chain(models)
        .filter(|_| comparable)
        .map(|(known, suggested)| (strsim::jaro_winkler(&known, meant), suggested))
        .filter(|(likeness, _)| *likeness > 0.7)
        .max_by(|(a, _), (b, _)| a.total_cmp(b));
    let hint = closest.map_or_else(
        || "see GET /v1/models for the models of this gateway".to_owned(),
        |(_, known)| format!("did you mean `{known}`?"),
    );
    ClientError::new(Kind::ModelNotFound, format!("Unknown model `{}`; {hint}", shown(name))).param("model")
}

/// A client's words, short enough and printable.
fn shown(name: &str) -> String {
    name.chars().take(100).map(|c| if c.is_control() { '?' } else { c }).collect()
}
