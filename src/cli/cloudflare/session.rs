//! From nothing to an account that can be worked on.

use super::account::{self, Account};
use super::client::Client;
use super::token;
use crate::cli::environment::Environment;
use crate::cli::failure::Failure;
use crate::cli::print;

/// Times that a person may type a token.
const ATTEMPTS: u32 = 3;

/// Finds a token and an account, and makes sure that the one is good for the other. `flag` is `--account-id`,
/// `file` is `account_id` of `wrangler.toml`.
pub(crate) async fn connect(
    flag: Option<&str>,
    file: Option<&str>,
    environment: &Environment,
) -> Result<(Client, Account), Failure> {
    let named = account::named(flag, file, environment)?;
    let mut attempt = 1;
    let client = loop {
        let token = token::discover(environment)?;
        let client = Client::new(token.secret, environment)?;
        match token::verify(&client, named.as_ref()).await {
            Ok(()) => break client,
            Err(failure) if token.typed && attempt < ATTEMPTS => print::failure(&failure),
            Err(failure) => return Err(failure),
        }
        attempt += 1;
    };
    let account = match named {
        Some(account) => account,
        None => account::choose(&client, environment).await?,
    };
    Ok((client, account))
}
