//! Names of bindings: which are the gateway's own, and what a variable may be called.

use crate::cli::failure::Failure;
use crate::deployment::{
    CONFIG_PART_PREFIX, CONFIG_VARIABLES, LOCAL_BINDING, MASTER_KEY_VARIABLE, PROVIDERS_BINDING,
    STATE_VARIABLE,
};

/// Whether a deployment itself says what this binding is, or that it is not.
pub(super) fn is_ours(name: &str) -> bool {
    is_config(name)
        // Would tell the Worker that it is on somebody's machine, and may be open.
        || name == LOCAL_BINDING
        || name == MASTER_KEY_VARIABLE
        || name == PROVIDERS_BINDING
        || name == STATE_VARIABLE
}

/// Whether the config, or a part of one, may be in it.
pub(super) fn is_config(name: &str) -> bool {
    CONFIG_VARIABLES.contains(&name) || name.starts_with(CONFIG_PART_PREFIX)
}

/// Fails for a name that a variable cannot have. `place` is where it stands.
pub(super) fn check_variable(name: &str, place: &str) -> Result<(), Failure> {
    if name == MASTER_KEY_VARIABLE {
        return Err(Failure::input(format!(
            "{place}: a key is no plain variable, everybody who may see the Worker would see {name}"
        ))
        .hint("remove it: set the key with --master-key-stdin, --generate-master-key, or in the config"));
    }
    if is_ours(name) {
        return Err(Failure::input(format!("{place}: {name} is set by `deploy` itself; remove it")));
    }
    if !is_identifier(name) {
        return Err(Failure::input(format!("{place}: {name:?} is no name of a variable"))
            .hint("use letters, digits and _, and begin with no digit"));
    }
    Ok(())
}

pub(super) fn is_identifier(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Fails for a name that no Worker can have. Cloudflare takes 63 characters, for it becomes part of a host.
pub(super) fn check_script(name: &str) -> Result<(), Failure> {
    let fits = (1..=63).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte))
        && name.starts_with(|c: char| c.is_ascii_alphanumeric());
    if fits {
        return Ok(());
    }
    Err(Failure::input(format!("{name:?} is no name of a Worker")).hint(
        "use 1 to 63 lower-case letters, digits, - and _: see --name and --env, or `name` of wrangler.toml",
    ))
}
