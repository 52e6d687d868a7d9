//! Which account a Worker is in.

use serde::Deserialize;

use super::client::Client;
use super::error::Error;
use crate::cli::environment::Environment;
use crate::cli::failure::Failure;
use crate::cli::{confirm, manager};

/// The same variable as wrangler's.
const VARIABLE: &str = "CLOUDFLARE_ACCOUNT_ID";

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) id: String,
    /// Empty if it is only known by its id.
    pub(crate) name: String,
}

#[derive(Deserialize)]
struct Membership {
    account: Option<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    id: String,
    #[serde(default)]
    name: String,
}

/// The account that is named: by flag, else by variable, else by `wrangler.toml`.
pub(crate) fn named(
    flag: Option<&str>,
    file: Option<&str>,
    environment: &Environment,
) -> Result<Option<Account>, Failure> {
    let sources = [("--account-id", flag), (VARIABLE, environment.get(VARIABLE)), ("account_id", file)];
    let Some((source, id)) = sources.into_iter().find_map(|(source, id)| Some((source, id?.trim()))) else {
        return Ok(None);
    };
    // It becomes a part of paths.
    if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)) {
        return Err(Failure::input(format!("{source}: not the id of an account"))
            .hint("it is in the address of the dashboard: https://dash.cloudflare.com/<account id>"));
    }
    Ok(Some(Account { id: id.to_owned(), name: String::new() }))
}

/// The only account that the token is good for, or the one that a person chooses.
pub(crate) async fn choose(client: &Client, environment: &Environment) -> Result<Account, Failure> {
    let accounts = all(client).await.map_err(Failure::from)?;
    let shown = |account: &Account| format!("{} ({})", account.id, plain(&account.name));
    match accounts.as_slice() {
        [] => Err(Failure::input("the API token is good for no account")
            .hint("name the account with --account-id, or give the token an account")),
        [only] => Ok(only.clone()),
        several if confirm::is_terminal() => {
            let options: Vec<String> = several.iter().map(shown).collect();
            let at = manager::ask_choice("Account", &options, environment)?;
            several.get(at).cloned().ok_or_else(|| Failure::runtime("there is no such account"))
        }
        several => Err(Failure::input("the API token is good for several accounts")
            .details(several.iter().map(shown).collect())
            .hint(format!("name one with --account-id or {VARIABLE}"))),
    }
}

/// Every account of the token. A token that an account owns has no memberships.
async fn all(client: &Client) -> Result<Vec<Account>, Error> {
    let mut listed = match client.list::<Membership>("/memberships").await {
        Ok(memberships) => {
            memberships.into_iter().filter_map(|membership| membership.account).map(Account::from).collect()
        }
        Err(error) if error.is_forbidden() => Vec::new(),
        Err(error) => return Err(error),
    };
    if listed.is_empty() {
        let accounts = client.list::<Listed>("/accounts").await?;
        listed = accounts.into_iter().map(Account::from).collect();
    }
    let mut accounts: Vec<Account> = Vec::new();
    for account in listed {
        if accounts.iter().all(|known| known.id != account.id) {
            accounts.push(account);
        }
    }
    Ok(accounts)
}

impl From<Listed> for Account {
    fn from(listed: Listed) -> Self {
        Self { id: listed.id, name: listed.name }
    }
}

fn plain(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flag_then_variable_then_file() {
        let environment = [("CLOUDFLARE_ACCOUNT_ID", "v")].into();
        let id = |flag, file, environment: &Environment| {
            named(flag, file, environment).unwrap().map(|account| account.id)
        };
        assert_eq!(id(Some("f"), Some("w"), &environment).as_deref(), Some("f"));
        assert_eq!(id(None, Some("w"), &environment).as_deref(), Some("v"));
        assert_eq!(id(None, Some("w"), &Environment::default()).as_deref(), Some("w"));
        assert_eq!(id(None, None, &Environment::default()), None);
        assert!(named(Some("../x"), None, &environment).is_err());
    }
}
