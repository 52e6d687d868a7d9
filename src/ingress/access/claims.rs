//! What a token claims, and whether that opens this door now.

use serde::Deserialize;

use super::{Fault, Team};
use crate::time::Millis;

/// How far the clocks of the edge and of the issuer may be apart.
const LEEWAY_MS: u64 = 30_000;

/// Longest identity that is kept, in bytes.
const IDENTITY_BYTES_MAX: usize = 160;

/// Claims of Access's application tokens. Others do not matter here.
#[derive(Debug, Deserialize)]
pub struct Claims {
    iss: Option<String>,
    aud: Option<Audience>,
    exp: Option<f64>,
    nbf: Option<f64>,
    iat: Option<f64>,
    #[serde(rename = "type")]
    kind: Option<String>,
    /// Of a service token: its client id.
    common_name: Option<String>,
    email: Option<String>,
    sub: Option<String>,
}

/// People's tokens have a list, those of service tokens may have a single word.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// Who came: a service token's client id, else an e-mail address, else the id of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity(String);

impl Identity {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Claims {
    /// Whom they name, if they open.
    pub fn check(&self, team: &Team, now: Millis) -> Result<Identity, Fault> {
        if self.iss.as_deref() != Some(&team.issuer) {
            return Err(Fault::Issuer);
        }
        if !self.is_for(&team.audiences) {
            return Err(Fault::Audience);
        }
        if self.kind.as_deref().is_some_and(|kind| kind != "app") {
            return Err(Fault::Type);
        }
        // A token without an end would be good for ever.
        if self.exp.is_none_or(|end| now >= millis(end).after(LEEWAY_MS)) {
            return Err(Fault::Expired);
        }
        let begins = [self.nbf, self.iat].into_iter().flatten();
        if begins.into_iter().any(|begin| millis(begin) > now.after(LEEWAY_MS)) {
            return Err(Fault::NotYetValid);
        }
        self.identity().ok_or(Fault::Anonymous)
    }

    fn is_for(&self, audiences: &[String]) -> bool {
        match &self.aud {
            None => false,
            Some(Audience::One(one)) => audiences.contains(one),
            Some(Audience::Many(many)) => many.iter().any(|one| audiences.contains(one)),
        }
    }

    fn identity(&self) -> Option<Identity> {
        let names = [&self.common_name, &self.email, &self.sub];
        names.into_iter().flatten().map(|name| presentable(name)).find(|name| !name.is_empty()).map(Identity)
    }
}

/// Without what would disturb a line of a log.
fn presentable(name: &str) -> String {
    let name: String = name.trim().chars().filter(|character| !character.is_control()).collect();
    name.get(..name.floor_char_boundary(IDENTITY_BYTES_MAX)).unwrap_or_default().to_owned()
}

/// Seconds since 1970 as milliseconds; what is negative or no number is 0.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts of floats saturate")]
fn millis(seconds: f64) -> Millis {
    Millis((seconds * 1_000.0) as u64)
}
