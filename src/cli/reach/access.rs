//! Cloudflare Access in front of a gateway: whether it is Access that answers, and what it lets programs in with.

use reqwest::RequestBuilder;
use reqwest::header::HeaderValue;
use url::Url;

use super::Answer;
use crate::cli::environment::Environment;
use crate::cli::failure::Failure;

/// Client id and client secret of a service token. Variables only: arguments can be read by others.
pub(crate) const VARIABLES: [&str; 2] = ["CF_ACCESS_CLIENT_ID", "CF_ACCESS_CLIENT_SECRET"];

/// What a program shows to Access.
#[derive(Clone, Debug)]
pub(crate) struct ServiceToken {
    id: HeaderValue,
    secret: HeaderValue,
}

impl ServiceToken {
    /// The one that the variables hold; `None` without any. Half a token is an error.
    pub(crate) fn read(environment: &Environment) -> Result<Option<Self>, Failure> {
        let [id, secret] = VARIABLES.map(|name| (name, environment.get(name).map(str::trim)));
        match (id.1, secret.1) {
            (None, None) => Ok(None),
            (Some(_), None) => Err(half(id.0, secret.0)),
            (None, Some(_)) => Err(half(secret.0, id.0)),
            (Some(id), Some(secret)) => {
                let [id_name, secret_name] = VARIABLES;
                Ok(Some(Self { id: header(id_name, id)?, secret: header(secret_name, secret)? }))
            }
        }
    }

    pub(crate) fn on(&self, request: RequestBuilder) -> RequestBuilder {
        request
            .header("CF-Access-Client-Id", self.id.clone())
            .header("CF-Access-Client-Secret", self.secret.clone())
    }
}

fn half(present: &str, absent: &str) -> Failure {
    Failure::input(format!("{present} is set and {absent} is not: a service token of Access is both"))
}

fn header(name: &str, value: &str) -> Result<HeaderValue, Failure> {
    let mut header = HeaderValue::from_str(value)
        .map_err(|_| Failure::input(format!("{name} holds what no service token has")))?;
    header.set_sensitive(true);
    Ok(header)
}

/// Whether Access answered instead of the gateway, whose own refusals are JSON and redirect nowhere.
pub(super) fn stands_before(answer: &Answer) -> bool {
    match answer.status.as_u16() {
        300..=399 => answer.leads_to_sign_in(),
        401 | 403 => answer.body.pointer("/error/message").is_none(),
        _ => false,
    }
}

/// Where Access sends people to sign in.
pub(super) fn is_login(location: &str) -> bool {
    if location.starts_with("/cdn-cgi/access/") {
        return true;
    }
    let Ok(url) = Url::parse(location) else { return false };
    let team = url.host_str().is_some_and(|host| host.ends_with(".cloudflareaccess.com"));
    team || url.path().starts_with("/cdn-cgi/access/")
}

/// Access answered, and there is nothing (else) to show it.
pub(super) fn refused(url: &str, shown: bool) -> Failure {
    let [id, secret] = VARIABLES;
    if shown {
        return Failure::input(format!(
            "Cloudflare Access in front of {url} does not take this service token"
        ))
        .hint("its application needs a policy with the action Service Auth that includes the token");
    }
    Failure::input(format!("Cloudflare Access in front of {url} asks who is there"))
        .hint(format!("set {id} and {secret} to those of a service token that it lets in"))
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;

    use super::*;

    fn answer(status: u16, location: Option<&str>, body: &str) -> Answer {
        let status = StatusCode::from_u16(status).unwrap();
        Answer {
            status,
            location: location.map(str::to_owned),
            body: serde_json::from_str(body).unwrap_or_default(),
        }
    }

    #[test]
    fn access_is_told_from_a_gateway() {
        let ours = r#"{"error":{"message":"Unauthorized"}}"#;
        for (status, location, body, access) in [
            (302, Some("https://t.cloudflareaccess.com/cdn-cgi/access/login/g.example?kid=1"), "", true),
            (302, Some("/cdn-cgi/access/login"), "", true),
            (302, Some("https://elsewhere.example/"), "", false),
            (302, Some("https://cloudflareaccess.com.example/"), "", false),
            (302, None, "", false),
            (401, None, "<html>", true),
            (403, None, "error code: 1020", true),
            (401, None, ours, false),
            (403, None, ours, false),
            (500, None, "<html>", false),
        ] {
            assert_eq!(stands_before(&answer(status, location, body)), access, "{status} {location:?}");
        }
    }

    #[test]
    fn a_token_is_both_halves_and_never_shown() {
        let [id, secret] = VARIABLES;
        assert!(ServiceToken::read(&Environment::default()).unwrap().is_none());
        for (name, other) in [(id, secret), (secret, id)] {
            let failure = ServiceToken::read(&[(name, "s3cret")].into()).unwrap_err();
            assert!(failure.message.contains(other) && !failure.message.contains("s3cret"));
        }
        let broken = ServiceToken::read(&[(id, "a.access"), (secret, "s3\ncret")].into()).unwrap_err();
        assert!(broken.message.contains(secret) && !broken.message.contains("cret\n"));
        let whole = ServiceToken::read(&[(id, "a.access"), (secret, "s3cret")].into()).unwrap();
        assert!(!format!("{whole:?}").contains("s3cret"));
    }
}
