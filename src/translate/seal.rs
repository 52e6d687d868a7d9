//! Thinking goes back to the provider that made it, and to no other.
//!
//! Clients replay what a format gives them to keep (`signature`, `encrypted_content`) byte for byte. What a
//! provider needs back travels in there, sealed with the provider's id and the model's; a request that goes
//! elsewhere meanwhile drops it, because a provider answers 400 to thinking that is not its own.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

const MARK: &str = "gw1";

/// `content` of `provider`'s `model`, sealed: `gw1.<provider>.<model>.<content>`, the last two in base64.
pub fn seal(provider: &str, model: &str, content: &str) -> String {
    format!("{MARK}.{provider}.{}.{}", URL_SAFE_NO_PAD.encode(model), URL_SAFE_NO_PAD.encode(content))
}

/// The content, if `provider`'s `model` made it.
pub fn open(sealed: &str, provider: &str, model: &str) -> Option<String> {
    let mut parts = sealed.split('.');
    let (mark, maker) = (parts.next()?, parts.next()?);
    let (made_by, content) = (decode(parts.next()?)?, decode(parts.next()?)?);
    (mark == MARK && maker == provider && made_by == model && parts.next().is_none()).then_some(content)
}

/// Whether something looks sealed, by whomever.
pub fn is_sealed(text: &str) -> bool {
    text.starts_with("gw1.")
}

fn decode(part: &str) -> Option<String> {
    String::from_utf8(URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_maker_opens() {
        let sealed = seal("alpha", "org/m:1", "sig==");
        assert_eq!(open(&sealed, "alpha", "org/m:1").as_deref(), Some("sig=="));
        assert_eq!(open(&sealed, "beta", "org/m:1"), None);
        assert_eq!(open(&sealed, "alpha", "org/m:2"), None);
        assert_eq!(open("EqoBCkgIARAB", "alpha", "m"), None);
        assert!(is_sealed(&sealed) && !is_sealed("EqoB"));
    }
}
