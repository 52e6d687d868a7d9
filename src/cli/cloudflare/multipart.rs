//! `multipart/form-data` (RFC 7578), as uploads of scripts want it. Made in memory, so that it can be sent again.

use crate::cli::failure::Failure;

/// A form to be sent.
#[derive(Clone)]
pub(crate) struct Multipart {
    boundary: String,
    body: Vec<u8>,
}

impl Multipart {
    /// Without parts. The boundary is 128 random bits: no part has it in it.
    pub(crate) fn new() -> Result<Self, Failure> {
        let random = getrandom::u64()
            .and_then(|high| Ok((high, getrandom::u64()?)))
            .map_err(|error| Failure::runtime(format!("the system has no random numbers: {error}")))?;
        Ok(Self { boundary: format!("llm-router-{:016x}{:016x}", random.0, random.1), body: Vec::new() })
    }

    /// Adds a field without a file name. Names are ours: they need no escaping.
    pub(crate) fn field(mut self, name: &str, content_type: &str, content: &[u8]) -> Self {
        self.part(&format!("name=\"{name}\""), content_type, content);
        self
    }

    /// Adds a file that is called as its field is.
    pub(crate) fn file(mut self, name: &str, content_type: &str, content: &[u8]) -> Self {
        self.part(&format!("name=\"{name}\"; filename=\"{name}\""), content_type, content);
        self
    }

    pub(super) fn content_type(&self) -> String {
        format!("multipart/form-data; boundary={}", self.boundary)
    }

    /// All parts and the end.
    pub(super) fn body(&self) -> Vec<u8> {
        let mut body = self.body.clone();
        body.extend_from_slice(format!("--{}--\r\n", self.boundary).as_bytes());
        body
    }

    fn part(&mut self, names: &str, content_type: &str, content: &[u8]) {
        let head = format!(
            "--{}\r\nContent-Disposition: form-data; {names}\r\nContent-Type: {content_type}\r\n\r\n",
            self.boundary
        );
        self.body.extend_from_slice(head.as_bytes());
        self.body.extend_from_slice(content);
        self.body.extend_from_slice(b"\r\n");
    }
}
