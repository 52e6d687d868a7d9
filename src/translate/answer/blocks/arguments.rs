//! The arguments of one call, put together from whatever comes.

use serde_json::Value;

/// What is sent in place of no arguments. It may also be what some servers begin with before the real ones
/// come, so it is held until more comes or nothing does.
const NOTHING: [&str; 3] = ["", "{}", "null"];

/// See the module documentation.
#[derive(Debug, Default)]
pub(super) struct Arguments {
    /// All so far: a repetition can only be told by comparing.
    text: String,
    /// How much of it has been taken.
    taken: usize,
    scan: Scan,
    /// The arguments, once they are a whole object.
    whole: Option<Value>,
}

impl Arguments {
    /// More of them. Once they are whole, the same again changes nothing; whatever else follows is passed on,
    /// for the client to see that something is wrong.
    pub(super) fn add(&mut self, fragment: &str) {
        if self.adds_nothing(fragment) {
            return;
        }
        if self.is_nothing() && fragment.trim_start().starts_with('{') {
            *self = Self::default();
        }
        self.text.push_str(fragment);
        self.whole = None;
        if self.scan.read(fragment) {
            self.whole = serde_json::from_str(&self.text).ok();
        }
    }

    /// What can be sent and has not been.
    pub(super) fn take(&mut self) -> Option<String> {
        if self.is_nothing() {
            return None;
        }
        let new = self.text.get(self.taken..).filter(|new| !new.is_empty())?.to_owned();
        self.taken = self.text.len();
        Some(new)
    }

    /// They are an object and nothing is missing.
    pub(super) fn is_whole(&self) -> bool {
        self.whole.is_some() && !self.is_nothing()
    }

    /// Nothing has been taken, and nothing would be.
    pub(super) fn is_nothing(&self) -> bool {
        self.taken == 0 && NOTHING.contains(&self.text.trim())
    }

    /// The whole arguments once more.
    pub(super) fn is_repeated_by(&self, fragment: &str) -> bool {
        let Some(whole) = &self.whole else { return false };
        fragment.trim() == self.text.trim()
            || fragment.trim_start().starts_with('{')
                && serde_json::from_str::<Value>(fragment).is_ok_and(|again| again == *whole)
    }

    /// White space behind the end, or a repetition.
    pub(super) fn adds_nothing(&self, fragment: &str) -> bool {
        self.whole.is_some() && fragment.trim().is_empty() || self.is_whole() && self.is_repeated_by(fragment)
    }

    pub(super) fn len(&self) -> usize {
        self.text.len()
    }
}

/// Finds the end of an object without reading anything twice.
#[derive(Debug, Default)]
struct Scan {
    state: State,
    depth: usize,
    in_string: bool,
    escaped: bool,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Before,
    Inside,
    Done,
    /// Not an object, or something follows it.
    Broken,
}

impl Scan {
    /// Whether the object ends in `fragment`, with nothing behind it.
    fn read(&mut self, fragment: &str) -> bool {
        let was = self.state == State::Done;
        for byte in fragment.bytes() {
            self.byte(byte);
        }
        !was && self.state == State::Done
    }

    fn byte(&mut self, byte: u8) {
        if self.in_string {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                _ => {}
            }
            return;
        }
        match (&self.state, byte) {
            (State::Broken, _) | (_, b' ' | b'\t' | b'\n' | b'\r') => {}
            (State::Before, b'{') => {
                self.state = State::Inside;
                self.depth = 1;
            }
            (State::Before | State::Done, _) => self.state = State::Broken,
            (State::Inside, b'"') => self.in_string = true,
            (State::Inside, b'{' | b'[') => self.depth += 1,
            (State::Inside, b'}' | b']') => {
                self.depth -= 1;
                if self.depth == 0 {
                    self.state = State::Done;
                }
            }
            (State::Inside, _) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_is_put_together() {
        for (fragments, sent, whole) in [
            (&["{\"a\"", ":1}"][..], "{\"a\":1}", true),
            (&["", "{\"a\":\"}\\\"{\"", "}"], "{\"a\":\"}\\\"{\"}", true),
            (&["{\"a\":", "[{}]"], "{\"a\":[{}]", false),
            // The whole again, also when written otherwise, and white space.
            (&["{\"a\":", "1}", "{\"a\":1}", "\n"], "{\"a\":1}", true),
            (&["{\"a\":", "1}", "{ \"a\": 1 }"], "{\"a\":1}", true),
            // Nothing, and what comes after it.
            (&["{}", "{\"a\":1}"], "{\"a\":1}", true),
            (&["null", "{\"a\":1}"], "{\"a\":1}", true),
            (&["{}"], "", false),
            (&[" ", "{", "}"], "{}", true),
            (&["null"], "", false),
            (&[], "", false),
            // Broken ones go as they are.
            (&["{\"a\":1}", "}"], "{\"a\":1}}", false),
            (&["{\"a\":1}", "{\"b\":2}"], "{\"a\":1}{\"b\":2}", false),
            (&["{\"a\":1]"], "{\"a\":1]", false),
            (&["{\"a\"", ":"], "{\"a\":", false),
            (&["[1]"], "[1]", false),
            (&["{a}"], "{a}", false),
        ] {
            let mut arguments = Arguments::default();
            let mut taken = String::new();
            for fragment in fragments {
                arguments.add(fragment);
                taken.push_str(&arguments.take().unwrap_or_default());
            }
            assert_eq!((taken.as_str(), arguments.is_whole()), (sent, whole), "{fragments:?}");
            assert_eq!(arguments.is_nothing(), sent.is_empty(), "{fragments:?}");
        }
    }
}
