//! Which token the API is shown, and whether it is any good.

use serde::Deserialize;

use super::account::Account;
use super::client::{Client, segment};
use super::error::Error;
use crate::cli::environment::Environment;
use crate::cli::failure::Failure;
use crate::cli::{confirm, manager};
use crate::config::Secret;

/// Variables that may hold it, the first one wins. Never a flag: others could read it.
const VARIABLES: [&str; 2] = ["CLOUDFLARE_API_TOKEN", "CF_API_TOKEN"];

/// How to come by one.
const GUIDE: &str = "make a token from the template \"Edit Cloudflare Workers\" at \
    https://dash.cloudflare.com/profile/api-tokens and put it into CLOUDFLARE_API_TOKEN";

#[derive(Deserialize)]
struct Verified {
    status: String,
}

/// A token, and whether a person typed it.
pub(super) struct Token {
    pub(super) secret: Secret,
    pub(super) typed: bool,
}

/// The token of the environment, or the one that a person types; nothing of it is shown.
pub(super) fn discover(environment: &Environment) -> Result<Token, Failure> {
    let set = VARIABLES.into_iter().find_map(|name| Some((name, environment.get(name)?.trim())));
    if let Some((name, token)) = set {
        let secret =
            usable(token).ok_or_else(|| Failure::input(format!("{name} holds no token")).hint(GUIDE))?;
        return Ok(Token { secret, typed: false });
    }
    if !confirm::is_terminal() {
        return Err(Failure::input("no API token of Cloudflare is set").hint(GUIDE));
    }
    let token = manager::ask_secret(
        "API token of Cloudflare",
        "not stored; see --help for its permissions",
        environment,
    )?;
    let secret = usable(token.expose()).ok_or_else(|| Failure::input("this is no token").hint(GUIDE))?;
    Ok(Token { secret, typed: true })
}

/// One that can be a header.
fn usable(token: &str) -> Option<Secret> {
    (!token.is_empty() && token.chars().all(|c| c.is_ascii_graphic())).then(|| Secret::new(token))
}

/// Fails for a token that is not active. Tokens of users and of accounts are asked about in different places.
pub(super) async fn verify(client: &Client, account: Option<&Account>) -> Result<(), Failure> {
    let verified = match client.get::<Verified>("/user/tokens/verify").await {
        Err(error) if error.is_forbidden() => match account {
            Some(account) => {
                client.get::<Verified>(&format!("/accounts/{}/tokens/verify", segment(&account.id))).await
            }
            None => Err(error),
        },
        other => other,
    };
    match verified {
        Ok(Verified { status }) if status == "active" => Ok(()),
        Ok(Verified { status }) => {
            let status: String = status.chars().filter(char::is_ascii_alphanumeric).take(20).collect();
            Err(Failure::input(format!("the API token is not active but {status}")).hint(GUIDE))
        }
        Err(error) if error.is_forbidden() => Err(invalid(&error)),
        Err(error) => Err(error.into()),
    }
}

/// What to say of a token that is none.
fn invalid(error: &Error) -> Failure {
    Failure::input("Cloudflare does not know this API token").details(vec![error.summary()]).hint(format!(
        "{GUIDE}; a token that an account owns also needs --account-id or CLOUDFLARE_ACCOUNT_ID"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_variable_counts_and_what_is_no_token_is_refused() {
        let both = [("CLOUDFLARE_API_TOKEN", " one\n"), ("CF_API_TOKEN", "two")].into();
        assert_eq!(discover(&both).unwrap().secret.expose(), "one");
        assert_eq!(discover(&[("CF_API_TOKEN", "two")].into()).unwrap().secret.expose(), "two");
        let failure = discover(&[("CF_API_TOKEN", "a b\u{e9}")].into()).err().unwrap();
        assert!(failure.message.contains("CF_API_TOKEN") && !failure.message.contains("a b"));
    }
}
