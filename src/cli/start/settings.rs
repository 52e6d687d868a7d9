//! The config a gateway runs with: read, checked, and what the Worker needs besides.
//!
//! The same check stands before the first start and before every reload, so nothing goes live unchecked.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::{fmt, io};

use crate::cli::environment::Environment;
use crate::cli::failure::Failure;
use crate::config::{self, Config, Credential};
use crate::{deployment, variables};

/// A config that may go live.
pub(super) struct Settings {
    /// As written.
    pub(super) text: String,
    pub(super) config: Config,
    pub(super) warnings: Vec<String>,
}

/// Without the text: it holds secrets.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("warnings", &self.warnings).finish_non_exhaustive()
    }
}

/// A config that may not: every reason, each with its path.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) problems: Vec<String>,
    pub(super) warnings: Vec<String>,
}

impl Settings {
    pub(super) fn check(
        text: String,
        require_auth: bool,
        environment: &Environment,
    ) -> Result<Self, Refusal> {
        let lines =
            |problems: Vec<config::Problem>| problems.iter().map(ToString::to_string).collect::<Vec<_>>();
        let (config, mut warnings) = match config::read(&text) {
            Ok(checked) => (checked.config, lines(checked.warnings)),
            Err(report) => {
                return Err(Refusal { problems: lines(report.errors), warnings: lines(report.warnings) });
            }
        };

        let mut problems = Vec::new();
        if config.providers.is_empty() {
            problems.push("$.providers: no provider is enabled, so there is nothing to route to".to_owned());
        }
        if require_auth
            && config.master_key.is_none()
            && environment.get(deployment::MASTER_KEY_VARIABLE).is_none()
        {
            problems.push(format!(
                "$.masterKey: --require-auth needs a key: set `masterKey` in the config or {} in the environment",
                deployment::MASTER_KEY_VARIABLE
            ));
        }
        if !problems.is_empty() {
            return Err(Refusal { problems, warnings });
        }
        warnings.extend(key_warnings(&config, environment));
        let keys: BTreeSet<&str> = key_names(&config).map(|(_, name)| name).collect();
        let others = environment.iter().filter(|(name, _)| !keys.contains(name));
        warnings.extend(others.filter_map(|(name, _)| variables::advice(name)));
        Ok(Self { text, config, warnings })
    }

    /// Every variable that a provider takes its key from.
    pub(super) fn key_variable_names(&self) -> Vec<String> {
        let names: BTreeSet<&str> = key_names(&self.config).map(|(_, name)| name).collect();
        names.into_iter().map(str::to_owned).collect()
    }

    /// Every variable that a provider takes its key from and that is set here.
    pub(super) fn key_variables(&self, environment: &Environment) -> BTreeMap<String, String> {
        key_names(&self.config)
            .filter(|(_, name)| !is_reserved(name))
            .filter_map(|(_, name)| Some((name.to_owned(), environment.get(name)?.to_owned())))
            .collect()
    }

    /// Variables of the Worker: its settings, its providers' keys, its config.
    pub(super) fn worker_variables(&self, environment: &Environment) -> BTreeMap<String, String> {
        let mut variables = self.key_variables(environment);
        let ours =
            environment.iter().filter(|(name, _)| name.starts_with("LLM_ROUTER_") && !is_reserved(name));
        variables.extend(ours.map(|(name, value)| (name.to_owned(), value.to_owned())));

        let [variable, ..] = deployment::CONFIG_VARIABLES;
        if self.text.len() <= VARIABLE_MAX_BYTES {
            variables.insert(variable.to_owned(), self.text.clone());
        } else {
            let parts = config::source::split(&self.text, VARIABLE_MAX_BYTES);
            for (number, part) in (1..).zip(parts) {
                variables.insert(format!("{}{number}", deployment::CONFIG_PART_PREFIX), part);
            }
        }
        variables
    }
}

/// Linux allows 128 KiB for one string of an environment (`MAX_ARG_STRLEN`), name and `=` included.
const VARIABLE_MAX_BYTES: usize = 100_000;

/// Names that a provider's key cannot have, nor reach the Worker from our environment: they mean something
/// else there, or are meant for us.
fn is_reserved(name: &str) -> bool {
    name == deployment::PROVIDERS_BINDING
        || name == deployment::LOCAL_BINDING
        || deployment::CONFIG_VARIABLES.contains(&name)
        || name.starts_with(deployment::CONFIG_PART_PREFIX)
        || matches!(name, "LLM_ROUTER_WORKERD" | "LLM_ROUTER_BUNDLE_DIR" | super::MANAGED_VARIABLE)
}

fn key_names(config: &Config) -> impl Iterator<Item = (&str, &str)> {
    config.providers.iter().filter_map(|provider| match &provider.credential {
        Credential::Variable(name) => Some((provider.id.as_str(), name.as_str())),
        Credential::Literal(_) | Credential::None => None,
    })
}

fn key_warnings(config: &Config, environment: &Environment) -> Vec<String> {
    let warning = |(id, name): (&str, &str)| {
        if is_reserved(name) {
            Some(format!(
                "provider `{id}`: `apiKeyEnv` names {name}, which the gateway uses itself; choose another name"
            ))
        } else if environment.get(name).is_none() {
            Some(format!(
                "provider `{id}`: its key comes from ${name}, which is not set; set it and start again"
            ))
        } else {
            None
        }
    };
    key_names(config).filter_map(warning).collect()
}

/// Reads a config file, changing nothing. A byte order mark is no part of its text.
pub(crate) fn read_file(path: &Path) -> io::Result<String> {
    let size = std::fs::metadata(path)?.len();
    if size > config::FILE_BYTES_MAX as u64 {
        return Err(io::Error::other(format!(
            "has {size} bytes; at most {} are allowed",
            config::FILE_BYTES_MAX
        )));
    }
    let text = std::fs::read_to_string(path)?;
    Ok(text.trim_start_matches('\u{feff}').to_owned())
}

/// Why the first config of a `start` cannot be used.
pub(super) fn refused(origin: &str, refusal: Refusal) -> Failure {
    let count = match refusal.problems.len() {
        1 => "a problem".to_owned(),
        more => format!("{more} problems"),
    };
    Failure::input(format!("{origin} has {count}")).details(refusal.problems)
}

pub(super) fn missing(path: &Path) -> Failure {
    let path = path.display();
    Failure::input(format!("there is no config file at {path}")).hint(format!(
        "write one, for example\n\n(umask 077; cat > '{path}' <<'END'\n{EXAMPLE}END\n)\n\n\
         or look around first, without an account or a key: llm-router start --demo"
    ))
}

const EXAMPLE: &str = r#"{
  "version": 2,
  "defaultModel": "openai/gpt-4o-mini",
  "providers": [
    {
      "id": "openai",
      "name": "OpenAI",
      "baseUrl": "https://api.openai.com/v1",
      "format": "openai",
      "apiKeyEnv": "OPENAI_API_KEY",
      "models": [{ "id": "gpt-4o-mini" }],
      "rateLimits": [
        { "id": "minute", "name": "Per minute", "models": ["all"], "requests": 40, "window": { "unit": "minute", "size": 1 } }
      ]
    }
  ]
}
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_we_show_is_valid() {
        let settings = Settings::check(EXAMPLE.to_owned(), false, &[("OPENAI_API_KEY", "k")].into()).unwrap();
        assert!(settings.warnings.is_empty(), "{:?}", settings.warnings);
    }

    #[test]
    fn a_missing_key_variable_is_named_with_its_provider() {
        let settings = Settings::check(EXAMPLE.to_owned(), false, &Environment::default()).unwrap();
        assert_eq!(settings.warnings.len(), 1);
        assert!(
            settings.warnings[0].contains("`openai`") && settings.warnings[0].contains("$OPENAI_API_KEY")
        );
    }

    #[test]
    fn required_authentication_needs_a_key_from_somewhere() {
        let check = |environment: Environment| Settings::check(EXAMPLE.to_owned(), true, &environment);
        assert!(check(Environment::default()).unwrap_err().problems[0].starts_with("$.masterKey"));
        assert!(check([("LLM_ROUTER_MASTER_KEY", "")].into()).is_err());
        assert!(check([("LLM_ROUTER_MASTER_KEY", "k")].into()).is_ok());
    }

    #[test]
    fn the_worker_gets_its_settings_its_keys_and_one_config() {
        let environment = Environment::from([
            ("OPENAI_API_KEY", "k"),
            ("LLM_ROUTER_DEBUG", "1"),
            ("LLM_ROUTER_CONFIG_JSON", "{}"),
            ("LLM_ROUTER_CONFIG_JSON_7", "{}"),
            ("LLM_ROUTER_JSON", "{}"),
            ("LLM_ROUTER_LOCAL", "x"),
            ("LLM_ROUTER_WORKERD", "/w"),
            ("LLM_ROUTER_BUNDLE_DIR", "/b"),
            ("HOME", "/h"),
            ("OTHER", "x"),
        ]);
        let settings = Settings::check(EXAMPLE.to_owned(), false, &environment).unwrap();
        let variables = settings.worker_variables(&environment);
        let names: Vec<_> = variables.keys().map(String::as_str).collect();
        assert_eq!(names, ["LLM_ROUTER_CONFIG_JSON", "LLM_ROUTER_DEBUG", "OPENAI_API_KEY"]);
        assert_eq!(variables["LLM_ROUTER_CONFIG_JSON"], EXAMPLE);
    }

    #[test]
    fn variables_without_effect_are_said() {
        let environment = [
            ("OPENAI_API_KEY", "k"),
            ("LLM_ROUTER_STATE_BACKEND", "file"),
            ("LLM_ROUTER_LOG_LEVLE", "off"),
            ("LLM_ROUTER_KEY", "of a client"),
        ];
        let settings = Settings::check(EXAMPLE.to_owned(), false, &environment.into()).unwrap();
        assert_eq!(
            settings.warnings,
            [
                "LLM_ROUTER_LOG_LEVLE has no effect; did you mean `LLM_ROUTER_LOG_LEVEL`?",
                "LLM_ROUTER_STATE_BACKEND has no effect any more"
            ]
        );
    }

    #[test]
    fn a_long_config_goes_in_parts_that_fit() {
        let text = EXAMPLE
            .replace("\n}\n", &format!(",\n  \"metadata\": {{ \"é\": \"{}\" }}\n}}\n", "ü".repeat(150_000)));
        let settings = Settings::check(text.clone(), false, &[("OPENAI_API_KEY", "k")].into()).unwrap();
        let variables = settings.worker_variables(&Environment::default());
        assert!(!variables.contains_key("LLM_ROUTER_CONFIG_JSON"));
        let parts: Vec<_> =
            (1..).map_while(|n| variables.get(&format!("LLM_ROUTER_CONFIG_JSON_{n}"))).collect();
        assert_eq!(parts.len(), variables.len());
        assert!(parts.iter().all(|part| part.len() <= VARIABLE_MAX_BYTES));
        assert_eq!(parts.into_iter().map(String::as_str).collect::<String>(), text);
    }

    #[test]
    fn a_key_cannot_take_a_name_of_the_gateway() {
        let text = EXAMPLE.replace("OPENAI_API_KEY", "PROVIDERS");
        let environment = [("PROVIDERS", "k")].into();
        let settings = Settings::check(text, false, &environment).unwrap();
        assert!(settings.warnings[0].contains("choose another name"));
        assert!(settings.key_variables(&environment).is_empty());
    }
}
