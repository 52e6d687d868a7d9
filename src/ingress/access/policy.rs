//! Which team's tokens for which application open the door, by variable.
//!
//! Unlike other settings these have no default to fall back on: whoever has set one of them wants the door
//! closed, so whatever cannot be read closes it.

const TEAM_DOMAIN: &str = "LLM_ROUTER_ACCESS_TEAM_DOMAIN";
const AUD: &str = "LLM_ROUTER_ACCESS_AUD";
const MODE: &str = "LLM_ROUTER_ACCESS_MODE";

/// Every variable that is read here.
pub const VARIABLES: [&str; 3] = [TEAM_DOMAIN, AUD, MODE];

/// Where a team publishes its keys.
pub const CERTS_PATH: &str = "/cdn-cgi/access/certs";

/// Keys from another domain would be those of somebody else's team.
const TEAMS: &str = ".cloudflareaccess.com";

/// More than a gateway has hostnames to protect.
const AUDIENCES_MAX: usize = 16;

/// Real ones are 64 hex digits; a shorter word is something else, pasted into the wrong place.
const AUDIENCE_BYTES: std::ops::RangeInclusive<usize> = 16..=128;

/// What the variables ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Policy {
    /// None is set.
    Off,
    On(Team),
    /// Nobody passes, and why.
    Closed(String),
}

/// Whose tokens pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Team {
    /// `https://<team domain>`
    pub issuer: String,
    pub certs_url: String,
    pub audiences: Vec<String>,
    pub mode: Mode,
}

/// What is asked of a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// To come through Access and to present the gateway's key.
    Both,
    /// To come through Access.
    Access,
}

impl Policy {
    /// Reads the variables through `lookup`. `certs_url` replaces the team's own, for tests.
    pub fn read(lookup: impl Fn(&str) -> Option<String>, certs_url: Option<String>) -> Self {
        let set = |name| lookup(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        let (domain, audiences) = match (set(TEAM_DOMAIN), set(AUD), set(MODE)) {
            (None, None, None) => return Self::Off,
            (None, None, Some(_)) => return closed(MODE, &format!("needs {TEAM_DOMAIN} and {AUD}")),
            (Some(_), None, _) => return closed(TEAM_DOMAIN, &format!("needs {AUD}")),
            (None, Some(_), _) => return closed(AUD, &format!("needs {TEAM_DOMAIN}")),
            (Some(domain), Some(audiences), _) => (domain, audiences),
        };
        let Some(issuer) = issuer(&domain) else {
            return closed(TEAM_DOMAIN, "must be a domain such as my-team.cloudflareaccess.com");
        };
        let Some(audiences) = split(&audiences) else {
            let message = format!(
                "must be the application's AUD tag, or up to {AUDIENCES_MAX} of them separated by commas"
            );
            return closed(AUD, &message);
        };
        let mode = match set(MODE).map(|mode| mode.to_ascii_lowercase()).as_deref() {
            None | Some("both") => Mode::Both,
            Some("access") => Mode::Access,
            Some(_) => return closed(MODE, "must be `both` or `access`"),
        };
        let certs_url = certs_url.unwrap_or_else(|| format!("{issuer}{CERTS_PATH}"));
        Self::On(Team { issuer, certs_url, audiences, mode })
    }
}

fn closed(name: &str, problem: &str) -> Policy {
    Policy::Closed(format!("{name}: {problem}; nobody is let in until then"))
}

/// Scheme and final slash, as copied from a browser, are allowed.
fn issuer(domain: &str) -> Option<String> {
    let domain = domain.to_ascii_lowercase();
    let domain = domain.strip_prefix("https://").unwrap_or(&domain);
    let domain = domain.strip_suffix('/').unwrap_or(domain);
    let team = domain.strip_suffix(TEAMS)?;
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    team.split('.').all(is_label).then(|| format!("https://{domain}"))
}

fn split(list: &str) -> Option<Vec<String>> {
    let is_tag = |tag: &str| {
        AUDIENCE_BYTES.contains(&tag.len())
            && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    let tags: Vec<String> = list.split(',').map(|tag| tag.trim().to_owned()).collect();
    (tags.len() <= AUDIENCES_MAX && tags.iter().all(|tag| is_tag(tag))).then_some(tags)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAG: &str = "4714c1358e65fe4b408ad6d432a5f878f08194bdb4752441fd56faefa9b2b6f2";

    fn read(domain: &str, audiences: &str, mode: &str) -> Policy {
        let values = [(TEAM_DOMAIN, domain), (AUD, audiences), (MODE, mode)];
        let lookup = |name: &str| {
            values.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        Policy::read(lookup, None)
    }

    #[test]
    fn both_variables_turn_it_on() {
        let Policy::On(team) = read(" https://Team.CloudflareAccess.com/ ", &format!("{TAG} , {TAG}"), "")
        else {
            panic!("not on")
        };
        assert_eq!(team.issuer, "https://team.cloudflareaccess.com");
        assert_eq!(team.certs_url, "https://team.cloudflareaccess.com/cdn-cgi/access/certs");
        assert_eq!((team.audiences, team.mode), (vec![TAG.to_owned(), TAG.to_owned()], Mode::Both));
        let Policy::On(team) = read("a.fed.cloudflareaccess.com", TAG, "ACCESS") else { panic!("not on") };
        assert_eq!(team.mode, Mode::Access);
    }

    #[test]
    fn only_none_of_them_is_off() {
        assert_eq!(read("", " ", ""), Policy::Off);
    }

    #[test]
    fn what_cannot_be_read_closes() {
        let team = "team.cloudflareaccess.com";
        for (domain, audiences, mode, named) in [
            (team, "", "", TEAM_DOMAIN),
            ("", TAG, "", AUD),
            ("", "", "access", MODE),
            ("", "", "both", MODE),
            ("team", TAG, "", TEAM_DOMAIN),
            ("team.cloudflareacces.com", TAG, "", TEAM_DOMAIN),
            ("cloudflareaccess.com", TAG, "", TEAM_DOMAIN),
            (".cloudflareaccess.com", TAG, "", TEAM_DOMAIN),
            ("http://team.cloudflareaccess.com", TAG, "", TEAM_DOMAIN),
            ("evil.test/team.cloudflareaccess.com", TAG, "", TEAM_DOMAIN),
            ("evil.test#.cloudflareaccess.com", TAG, "", TEAM_DOMAIN),
            ("team.cloudflareaccess.com:8443", TAG, "", TEAM_DOMAIN),
            ("u@team.cloudflareaccess.com", TAG, "", TEAM_DOMAIN),
            (team, "short", "", AUD),
            (team, ",", "", AUD),
            (team, &format!("{TAG},"), "", AUD),
            (team, &"a".repeat(129), "", AUD),
            (team, &[TAG; 17].join(","), "", AUD),
            (team, TAG, "any", MODE),
            (team, TAG, "both,access", MODE),
        ] {
            match read(domain, audiences, mode) {
                Policy::Closed(problem) => assert!(problem.starts_with(named), "{problem}"),
                policy => panic!("{domain} {audiences} {mode}: {policy:?}"),
            }
        }
    }

    #[test]
    fn a_test_brings_its_own_keys() {
        let lookup = |name: &str| match name {
            TEAM_DOMAIN => Some("t.cloudflareaccess.com".to_owned()),
            AUD => Some(TAG.to_owned()),
            _ => None,
        };
        let Policy::On(team) = Policy::read(lookup, Some("http://127.0.0.1:1/x".to_owned())) else {
            panic!("not on")
        };
        assert_eq!(team.certs_url, "http://127.0.0.1:1/x");
        assert_eq!(team.issuer, "https://t.cloudflareaccess.com");
        assert_eq!(Policy::read(|_| None, Some("http://127.0.0.1:1/x".to_owned())), Policy::Off);
    }
}
