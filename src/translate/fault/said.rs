//! What an error document says, wherever it says it.

use serde_json::Value;

/// Longest message passed on, in characters: a paragraph. Some providers answer with the whole request.
const MESSAGE_MAX: usize = 2_000;
/// Longest text of a page that is no error document, in characters.
const PAGE_TEXT_MAX: usize = 200;
/// Errors within errors, at most: aggregators wrap a provider's once or twice.
const DEPTH_MAX: usize = 4;

/// See the module documentation.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// For people.
    pub(super) message: String,
    /// `code`, `type` and the like, in lower case.
    pub(super) words: Vec<String>,
    pub(super) param: Option<String>,
    /// An HTTP status among the words.
    pub(super) status: Option<u16>,
    /// The message and the words, in lower case, to look for wordings in.
    pub(super) text: String,
}

impl Said {
    /// An `error`: an object, a text, or anything.
    pub(super) fn read(error: &Value) -> Self {
        let mut said = Self::default();
        said.take(error, DEPTH_MAX);
        said.message = clean(&said.message, MESSAGE_MAX);
        said.text = format!("{} {}", said.message, said.words.join(" ")).to_lowercase();
        said
    }

    /// An error that is nothing but its text.
    pub(super) fn plain(text: &str) -> Self {
        Self { message: text.to_owned(), text: text.to_lowercase(), ..Self::default() }
    }

    /// Whether any of these, in lower case, is in the message or among the words.
    pub(super) fn says(&self, wordings: &[&str]) -> bool {
        wordings.iter().any(|wording| self.text.contains(wording))
    }

    fn take(&mut self, error: &Value, depth: usize) {
        match error {
            Value::String(text) => self.take_text(text, depth),
            Value::Array(errors) => {
                if let Some(first) = errors.first().filter(|_| depth > 0) {
                    self.take(first, depth - 1);
                }
            }
            Value::Object(_) => {
                for field in ["code", "type", "status", "reason"] {
                    self.take_word(error.get(field));
                }
                self.take_word(error.pointer("/innererror/code"));
                self.take_word(error.pointer("/details/error_code"));
                let param = error.get("param").and_then(Value::as_str).map(str::to_owned);
                self.param = self.param.take().or(param);
                if depth == 0 {
                    return;
                }
                // An aggregator's own message says less than the provider's, which it quotes.
                let messages =
                    [error.pointer("/metadata/raw"), error.get("message"), error.get("error")].into_iter();
                let others = ["msg", "detail", "error_description"].into_iter().map(|field| error.get(field));
                for message in messages.chain(others).flatten() {
                    if self.message.is_empty() {
                        self.take(message, depth - 1);
                    }
                }
                if let Some(delay) = retry_delay(error) {
                    self.message = format!("{} (try again in {delay})", self.message);
                }
            }
            _ => {}
        }
    }

    /// A text, which may be an error document itself.
    fn take_text(&mut self, text: &str, depth: usize) {
        let document = text.trim_start().starts_with(['{', '[']).then(|| serde_json::from_str(text).ok());
        match document.flatten().filter(|_| depth > 0) {
            Some(document) => {
                let document: Value = document;
                self.take(&document, depth - 1);
                if self.message.is_empty() {
                    text.clone_into(&mut self.message);
                }
            }
            None => text.clone_into(&mut self.message),
        }
    }

    fn take_word(&mut self, word: Option<&Value>) {
        let status = match word {
            Some(Value::String(word)) => {
                self.words.push(word.chars().take(64).collect::<String>().to_lowercase());
                word.parse().ok()
            }
            Some(Value::Number(number)) => number.as_u64().and_then(|number| u16::try_from(number).ok()),
            _ => None,
        };
        self.status = self.status.or(status.filter(|status| (400..=599).contains(status)));
    }
}

/// Google says in the details when to come back.
fn retry_delay(error: &Value) -> Option<&str> {
    let details = error.get("details")?.as_array()?;
    details.iter().find_map(|detail| detail.get("retryDelay")?.as_str()).filter(|delay| delay.len() < 32)
}

/// What a body that is no error document says: the title of a page, a short text, or nothing.
pub(super) fn text_of_page(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body.get(..16_384).unwrap_or(body));
    let text = text.trim();
    if !text.starts_with('<') {
        // JSON that is cut off or no object says nothing to a person.
        let short = text.chars().count() <= PAGE_TEXT_MAX && !text.starts_with(['{', '[', '"']);
        let readable = !text.contains(char::REPLACEMENT_CHARACTER);
        return if short && readable { clean(text, PAGE_TEXT_MAX) } else { String::new() };
    }
    let lower = text.to_ascii_lowercase();
    let title = lower.find("<title").and_then(|at| {
        let from = at + lower.get(at..)?.find('>')? + 1;
        let length = lower.get(from..)?.find('<')?;
        text.get(from..from + length)
    });
    title.map(|title| clean(title, PAGE_TEXT_MAX)).unwrap_or_default()
}

/// On one line, without control characters, at most `max` characters.
fn clean(text: &str, max: usize) -> String {
    let mut clean = String::new();
    let mut words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    if let Some(first) = words.next() {
        clean.push_str(first);
    }
    for word in words {
        clean.push(' ');
        clean.push_str(word);
    }
    match clean.char_indices().nth(max) {
        Some((at, _)) => {
            clean.truncate(at);
            clean.push('…');
            clean
        }
        None => clean,
    }
}
