//! The key of a gateway on Cloudflare.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::{Check, GivenKey, NewKey, Worker, value};

#[derive(Args, Debug)]
#[command(
    args_override_self = true,
    after_help = "The new key is set as one new version of the Worker, with everything else as it is, and then tried from \
    outside: it must open, and the one before must not. If that cannot be seen, the version before is live again \
    and the exit status is 1.\n\n\
    Variables: CLOUDFLARE_API_TOKEN (or CF_API_TOKEN), CLOUDFLARE_ACCOUNT_ID; LLM_ROUTER_PREVIOUS_MASTER_KEY, the \
    key that is live now, where the config does not have it; CF_ACCESS_CLIENT_ID and \
    CF_ACCESS_CLIENT_SECRET, a service token for a gateway behind Access.\n\n\
    Examples:\n  \
    llm-router worker-key --env=production --generate-master-key=true\n  \
    llm-router worker-key --env=production --generate-master-key=true --grace=24h\n  \
    pass show gateway | llm-router worker-key --name=llm-router --master-key-stdin"
)]
pub(crate) struct WorkerKey {
    /// Make a new key, whatever the config has; it is shown once
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true",
          value_parser = value::boolean)]
    pub(crate) generate_master_key: Option<bool>,

    #[command(flatten)]
    pub(crate) given: GivenKey,

    /// Variable that holds the new key
    #[arg(long, value_name = "VARIABLE")]
    pub(crate) master_key_env: Option<String>,

    /// Without any of the above: set the config's `masterKey` [default: true]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true",
          value_parser = value::boolean)]
    pub(crate) use_config_key: Option<bool>,

    #[command(flatten)]
    pub(crate) made: NewKey,

    /// Let the key before open for this long too, for clients that cannot switch at once: `24h`, `30m`, `7d`;
    /// 30 days at most. Not after a leak
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) grace: Option<Duration>,

    /// Write the new key into the config file too
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true",
          value_parser = value::boolean)]
    pub(crate) save: Option<bool>,

    /// Config file [default: ~/.llm-router.json]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) worker: Worker,

    #[command(flatten)]
    pub(crate) check: Check,

    /// Show what would be done, and call nothing
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true",
          value_parser = value::boolean)]
    pub(crate) dry_run: Option<bool>,

    /// Do not ask before it begins
    #[arg(long, short = 'y', value_name = "BOOL", num_args = 0..=1, default_missing_value = "true",
          value_parser = value::boolean)]
    pub(crate) yes: Option<bool>,
}

const DURATION_MAX: Duration = Duration::from_hours(30 * 24);

/// A whole number and a unit, `90s` to `30d`.
fn duration(text: &str) -> Result<Duration, String> {
    let expected = || "write a number and s, m, h, d or w, such as 24h; 30 days at most".to_owned();
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits).ok_or_else(expected)?;
    let number: u64 = number.parse().map_err(|_| expected())?;
    let seconds = match unit.trim() {
        "s" | "sec" | "seconds" => 1,
        "m" | "min" | "minutes" => 60,
        "h" | "hour" | "hours" => 3_600,
        "d" | "day" | "days" => 86_400,
        "w" | "week" | "weeks" => 604_800,
        _ => return Err(expected()),
    };
    let grace = number.checked_mul(seconds).map(Duration::from_secs);
    grace.filter(|grace| !grace.is_zero() && *grace <= DURATION_MAX).ok_or_else(expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grace_has_a_unit_and_an_end() {
        for (text, seconds) in
            [("90s", 90), ("30m", 1_800), ("24h", 86_400), ("1 week", 604_800), ("30d", 2_592_000)]
        {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "24", "h", "0h", "31d", "1.5h", "-1h", "24H", "99999999999999999999d", "1h30m", "é"]
        {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
