//! Why a call did not do what it should have, and what to do about it.

use std::time::Duration;

use super::envelope::Reason;
use crate::cli::failure::Failure;

/// See the module documentation. `call` is method and path.
#[derive(Clone, Debug)]
pub(crate) enum Error {
    /// The API said no.
    Refused { call: String, status: u16, reasons: Vec<Reason>, retry_after: Option<Duration> },
    /// Cloudflare's own firewall stands before it.
    Blocked { call: String, ray: Option<String> },
    /// There was no answer. What was asked for may have been done.
    Silent { call: String, why: String },
    /// There was one, but not of the API.
    Foreign { call: String, why: String },
}

/// Codes that mean something to a program.
pub(crate) mod code {
    /// There is no such script, or the account has no subdomain.
    pub(crate) const SCRIPT_NOT_FOUND: u32 = 10007;
    pub(crate) const SERVICE_NOT_FOUND: u32 = 10090;
    pub(crate) const ENVIRONMENT_NOT_FOUND: u32 = 10092;
    /// Of a token that may not do this; also of one that is none.
    pub(crate) const AUTHENTICATION: u32 = 10000;
    /// There is another version than the deployed one, so secrets cannot be edited.
    pub(crate) const UNDEPLOYED_VERSION: u32 = 10215;
    /// Secrets differ between the versions.
    pub(crate) const ROLLBACK_NEEDS_FORCE: u32 = 10220;
}

impl Error {
    /// Whether the API gave this reason.
    pub(crate) fn has(&self, code: u32) -> bool {
        fn within(reasons: &[Reason], code: u32) -> bool {
            reasons.iter().any(|reason| reason.code == code || within(&reason.error_chain, code))
        }
        matches!(self, Self::Refused { reasons, .. } if within(reasons, code))
    }

    pub(crate) fn is_not_found(&self) -> bool {
        let codes = [code::SCRIPT_NOT_FOUND, code::SERVICE_NOT_FOUND, code::ENVIRONMENT_NOT_FOUND];
        let bare = matches!(self, Self::Refused { status: 404, reasons, .. } if reasons.is_empty());
        bare || codes.into_iter().any(|code| self.has(code))
    }

    /// Whether the token is not good for this.
    pub(crate) fn is_forbidden(&self) -> bool {
        matches!(self, Self::Refused { status: 401 | 403, .. })
            || self.has(code::AUTHENTICATION)
            || self.has(9106)
            || self.has(9109)
    }

    /// Whether it may go well next time.
    pub(super) fn is_passing(&self) -> bool {
        matches!(self, Self::Silent { .. } | Self::Refused { status: 429 | 500..=599, .. })
    }

    /// One line, for people.
    pub(crate) fn summary(&self) -> String {
        match self {
            Self::Refused { call, status: 429, .. } => {
                format!("{call}: Cloudflare limits the rate of its API (429)")
            }
            Self::Refused { call, status, reasons, .. } => match reasons.first() {
                Some(reason) => format!("{call}: {} (code {})", said(&reason.message), reason.code),
                None => format!("{call}: Cloudflare answered with status {status}"),
            },
            Self::Blocked { call, .. } => format!("{call}: blocked by Cloudflare's firewall"),
            Self::Silent { call, why } => format!("{call}: no answer: {why}"),
            Self::Foreign { call, why } => format!("{call}: not an answer of Cloudflare's API: {why}"),
        }
    }

    fn codes(&self) -> Vec<u32> {
        fn gather(reasons: &[Reason], codes: &mut Vec<u32>) {
            for reason in reasons {
                codes.push(reason.code);
                gather(&reason.error_chain, codes);
            }
        }
        let mut codes = Vec::new();
        if let Self::Refused { reasons, .. } = self {
            gather(reasons, &mut codes);
        }
        codes
    }

    /// Every further reason.
    fn details(&self) -> Vec<String> {
        let Self::Refused { reasons, .. } = self else { return Vec::new() };
        let line = |reason: &Reason| format!("{} (code {})", said(&reason.message), reason.code);
        let chained = reasons.iter().flat_map(|reason| reason.error_chain.iter());
        reasons.iter().skip(1).chain(chained).map(line).collect()
    }

    fn hint(&self) -> Option<String> {
        if let Some(advice) = self.codes().into_iter().find_map(advice) {
            return Some(advice.to_owned());
        }
        match self {
            Self::Blocked { ray, .. } => {
                let ray = ray.as_deref().map(|ray| format!(" (ray {})", said(ray))).unwrap_or_default();
                Some(format!(
                    "try from another network; if that does not help, show Cloudflare's support this{ray}"
                ))
            }
            Self::Silent { .. } => Some("check the connection, then run the same command again".to_owned()),
            Self::Foreign { .. } => {
                Some("is CLOUDFLARE_API_BASE_URL, or a proxy, not what it should be?".to_owned())
            }
            Self::Refused { status: 429, retry_after, .. } => Some(match retry_after {
                Some(wait) => format!("run the same command again in {} seconds", wait.as_secs()),
                None => "run the same command again in five minutes".to_owned(),
            }),
            Self::Refused { status: 401 | 403, .. } => advice(code::AUTHENTICATION).map(str::to_owned),
            Self::Refused { status: 500..=599, .. } => Some(
                "Cloudflare has trouble, see https://www.cloudflarestatus.com; run the same command again later"
                    .to_owned(),
            ),
            Self::Refused { .. } => None,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let failure = Self::runtime(error.summary()).details(error.details());
        match error.hint() {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

/// What to do about a code. Those that are not here speak for themselves.
fn advice(code: u32) -> Option<&'static str> {
    Some(match code {
        // Unknown header, wrong token, token without the permission.
        6003 | 6111 | 9106 | 9109 | code::AUTHENTICATION => {
            "the token is not valid for this: make one from the template \"Edit Cloudflare Workers\" at \
             https://dash.cloudflare.com/profile/api-tokens, for this account and, for routes and domains, its zone"
        }
        code::SCRIPT_NOT_FOUND | code::SERVICE_NOT_FOUND | code::ENVIRONMENT_NOT_FOUND => {
            "there is no such Worker in this account: check --name, --env and --account-id"
        }
        10021 => "Cloudflare did not accept the Worker: report this with the message above",
        10027 => {
            "the Worker is larger than the plan allows: Workers Free takes 3 MB compressed, Workers Paid 10 MB"
        }
        10057 => {
            "a binding that should be kept is gone: somebody changed the Worker meanwhile; run the same command again"
        }
        10063 => {
            "the account has no workers.dev subdomain yet: open Workers & Pages once at https://dash.cloudflare.com, \
             then run the same command again"
        }
        10061 | 10064 | 10074 | 10123 => {
            "the Worker of this name has other Durable Objects: it is no llm-router, or of another version; use \
             another --name"
        }
        10079 => "somebody else deployed meanwhile; run the same command again",
        10097 => "Workers Free stores Durable Objects in SQLite only; report this, for we ask for no other",
        10211 => "the classes of Durable Objects changed meanwhile; run the same command again",
        code::UNDEPLOYED_VERSION => {
            "the newest version of the Worker is not the deployed one: deploy first with `llm-router deploy --force`"
        }
        code::ROLLBACK_NEEDS_FORCE => "secrets changed since that version; run `llm-router deploy` again",
        10013 | 10222 => "run the same command again",
        100_117 | 100_116 => {
            "the host has DNS records or a Worker already: remove them in the dashboard, or choose another --domain"
        }
        10020 => {
            "another Worker has this route: remove it in the dashboard, or choose another --route-pattern"
        }
        _ => return None,
    })
}

/// What an API says may be anything; what steers a terminal is left out.
fn said(text: &str) -> String {
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .filter(|c| !c.is_control())
        .take(1_000)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::failure::Exit;

    fn refused(status: u16, codes: &[u32]) -> Error {
        let reason =
            |&code| Reason { code, message: "No\n\u{1b}[2Jway.".to_owned(), error_chain: Vec::new() };
        let reasons = codes.iter().map(reason).collect();
        Error::Refused { call: "GET /x".to_owned(), status, reasons, retry_after: None }
    }

    #[test]
    fn codes_become_advice() {
        for (error, hint) in [
            (refused(400, &[10000]), "Edit Cloudflare Workers"),
            (refused(403, &[]), "Edit Cloudflare Workers"),
            (refused(404, &[10007]), "--name"),
            (refused(400, &[10063]), "Workers & Pages"),
            (refused(400, &[10074]), "another --name"),
            (refused(400, &[99, 10079]), "again"),
            (refused(429, &[]), "five minutes"),
            (refused(503, &[]), "cloudflarestatus"),
            (Error::Blocked { call: String::new(), ray: Some("8f".to_owned()) }, "(ray 8f)"),
        ] {
            let failure = Failure::from(error);
            assert_eq!(failure.exit, Exit::Runtime);
            assert!(failure.hint.as_deref().unwrap_or_default().contains(hint), "{failure:?}");
        }
    }

    #[test]
    fn what_it_says_does_not_steer_the_terminal() {
        let failure = Failure::from(refused(400, &[7, 8]));
        assert_eq!(failure.message, "GET /x: No [2Jway. (code 7)");
        assert_eq!(failure.details, ["No [2Jway. (code 8)"]);
    }

    #[test]
    fn what_is_not_there_is_told_from_what_is_refused() {
        assert!(refused(404, &[10090]).is_not_found() && refused(404, &[]).is_not_found());
        assert!(!refused(403, &[10000]).is_not_found());
        assert!(refused(403, &[10000]).is_forbidden());
    }
}
