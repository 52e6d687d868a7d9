//! `<think>…</think>` at the beginning of content, wherever chunks cut it.

const OPEN: &str = "<think>";
const CLOSE: &str = "</think>";
/// Most white space before `<think>`, in bytes; templates put a line break there, if anything.
const INDENT_MAX: usize = 256;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Segment {
    Thinking(String),
    Text(String),
}

#[derive(Debug, Default)]
enum State {
    /// The tag may still come; what came so far is held.
    #[default]
    Before,
    /// The end of what came may be the beginning of the closing tag; it is held.
    Inside,
    /// White space that follows the tag belongs to it.
    Behind,
    Text,
}

/// Tells thinking from text.
#[derive(Debug, Default)]
pub(super) struct ThinkTags {
    state: State,
    held: String,
}

impl ThinkTags {
    /// Appends what `text` amounts to; segments are not empty.
    pub(super) fn push(&mut self, text: &str, segments: &mut Vec<Segment>) {
        self.held.push_str(text);
        if matches!(self.state, State::Before) {
            self.before(segments);
        }
        if matches!(self.state, State::Inside) {
            self.inside(segments);
        }
        if matches!(self.state, State::Behind) {
            self.held = self.held.trim_start().to_owned();
            if !self.held.is_empty() {
                self.state = State::Text;
            }
        }
        if matches!(self.state, State::Text) {
            self.finish(segments);
        }
    }

    /// Nothing more comes: what is held is what it looks like.
    pub(super) fn finish(&mut self, segments: &mut Vec<Segment>) {
        let held = std::mem::take(&mut self.held);
        if held.is_empty() {
            return;
        }
        segments.push(match self.state {
            State::Inside => Segment::Thinking(held),
            State::Before | State::Behind | State::Text => Segment::Text(held),
        });
    }

    fn before(&mut self, segments: &mut Vec<Segment>) {
        let begun = self.held.trim_start();
        if let Some(rest) = begun.strip_prefix(OPEN) {
            self.held = rest.to_owned();
            self.state = State::Inside;
        } else if !OPEN.starts_with(begun) || self.held.len() > INDENT_MAX {
            self.state = State::Text;
            self.finish(segments);
        }
    }

    fn inside(&mut self, segments: &mut Vec<Segment>) {
        let (thinking, rest) = match self.held.split_once(CLOSE) {
            Some((thinking, rest)) => {
                self.state = State::Behind;
                (thinking.to_owned(), rest.to_owned())
            }
            None => {
                let (thinking, rest) = self.held.split_at(self.held.len() - partial_close(&self.held));
                (thinking.to_owned(), rest.to_owned())
            }
        };
        self.held = rest;
        if !thinking.is_empty() {
            segments.push(Segment::Thinking(thinking));
        }
    }
}

/// Length of the longest end of `text` that a closing tag could begin with.
fn partial_close(text: &str) -> usize {
    let ends = |length: &usize| CLOSE.get(..*length).is_some_and(|begin| text.ends_with(begin));
    (1..CLOSE.len()).rev().find(ends).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Thinking and text, when cut into pieces of so many characters.
    fn read(content: &str, size: usize) -> (String, String) {
        let (mut tags, mut segments) = (ThinkTags::default(), Vec::new());
        let characters: Vec<char> = content.chars().collect();
        for piece in characters.chunks(size) {
            tags.push(&piece.iter().collect::<String>(), &mut segments);
        }
        tags.finish(&mut segments);
        let (mut thinking, mut text) = (String::new(), String::new());
        for segment in segments {
            match segment {
                Segment::Thinking(more) => thinking.push_str(&more),
                Segment::Text(more) => text.push_str(&more),
            }
        }
        (thinking, text)
    }

    #[test]
    fn tags_are_found_wherever_they_are_cut() {
        for (content, thinking, text) in [
            ("<think>é a</think>b", "é a", "b"),
            ("\n<think>\na\n</think>\n\nb\n", "\na\n", "b\n"),
            ("<think>a < b </thin </think> </think>", "a < b </thin ", "</think>"),
            ("<think></think>b", "", "b"),
            ("<think>never closed </th", "never closed </th", ""),
            ("<thinking>b", "", "<thinking>b"),
            ("<thi", "", "<thi"),
            (" \n", "", " \n"),
            ("b <think>c</think>", "", "b <think>c</think>"),
            ("", "", ""),
        ] {
            for size in [1, 2, 3, 5, 100] {
                let expected = (thinking.to_owned(), text.to_owned());
                assert_eq!(read(content, size), expected, "{content:?} by {size}");
            }
        }
        let indented = format!("{}<think>a", " ".repeat(INDENT_MAX + 1));
        assert_eq!(read(&indented, 1), (String::new(), indented));
    }
}
