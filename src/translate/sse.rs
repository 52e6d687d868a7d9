//! Server-sent events, as upstreams send them and clients need them.
//!
//! Reading follows the HTML standard's event stream interpretation (9.2.6), with one addition: a last event
//! that no blank line follows counts all the same. Memory is bounded by [`EVENT_MAX`].

/// Longest event, in bytes: ten times the largest that a provider sends (an image in one delta).
pub const EVENT_MAX: usize = 32 << 20;

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// The `event` field; empty if there was none.
    pub name: String,
    pub data: String,
}

/// What a stream holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    Event(Event),
    /// A comment: it keeps the connection alive.
    Comment,
}

/// An event larger than [`EVENT_MAX`]; nothing after it can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event of the stream is larger than {EVENT_MAX} bytes")]
pub struct TooLarge;

/// Cuts bytes into events, wherever the chunks are cut.
#[derive(Debug, Default)]
pub struct Decoder {
    line: Vec<u8>,
    name: String,
    data: Option<String>,
    /// The last byte was a CR: a LF that follows belongs to it.
    cr: bool,
    begun: bool,
}

impl Decoder {
    /// Appends what `bytes` complete to `items`.
    pub fn push(&mut self, bytes: &[u8], items: &mut Vec<Item>) -> Result<(), TooLarge> {
        let mut rest = bytes;
        if self.cr && rest.first() == Some(&b'\n') {
            rest = rest.get(1..).unwrap_or_default();
        }
        if !bytes.is_empty() {
            self.cr = false;
        }
        while let Some(at) = memchr::memchr2(b'\n', b'\r', rest) {
            let (head, tail) = rest.split_at(at);
            self.line.extend_from_slice(head);
            self.end_line(items);
            rest = tail.get(1..).unwrap_or_default();
            if tail.first() == Some(&b'\r') {
                match rest.first() {
                    Some(b'\n') => rest = rest.get(1..).unwrap_or_default(),
                    Some(_) => {}
                    None => self.cr = true,
                }
            }
        }
        self.line.extend_from_slice(rest);
        let held = self.line.len() + self.data.as_ref().map_or(0, String::len);
        if held > EVENT_MAX { Err(TooLarge) } else { Ok(()) }
    }

    /// The stream has ended: what is left is the last event.
    pub fn finish(&mut self, items: &mut Vec<Item>) {
        if !self.line.is_empty() {
            self.end_line(items);
        }
        self.end_event(items);
    }

    fn end_line(&mut self, items: &mut Vec<Item>) {
        let line = String::from_utf8_lossy(&self.line).into_owned();
        self.line.clear();
        let line = if self.begun { line.as_str() } else { line.trim_start_matches('\u{feff}') };
        self.begun = true;
        if line.is_empty() {
            return self.end_event(items);
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "" => items.push(Item::Comment),
            "event" => value.clone_into(&mut self.name),
            "data" => match &mut self.data {
                None => self.data = Some(value.to_owned()),
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
            },
            _ => {}
        }
    }

    fn end_event(&mut self, items: &mut Vec<Item>) {
        let name = std::mem::take(&mut self.name);
        if let Some(data) = self.data.take() {
            items.push(Item::Event(Event { name, data }));
        }
    }
}

/// Appends one event; `data` is JSON and has no line breaks. An empty `name` writes no `event` line.
pub fn write(name: &str, data: &str, out: &mut Vec<u8>) {
    if !name.is_empty() {
        out.extend_from_slice(b"event: ");
        out.extend_from_slice(name.as_bytes());
        out.push(b'\n');
    }
    out.extend_from_slice(b"data: ");
    out.extend_from_slice(data.as_bytes());
    out.extend_from_slice(b"\n\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(chunks: &[&[u8]]) -> Vec<Item> {
        let (mut decoder, mut items) = (Decoder::default(), Vec::new());
        for chunk in chunks {
            decoder.push(chunk, &mut items).unwrap();
        }
        decoder.finish(&mut items);
        items
    }

    fn event(name: &str, data: &str) -> Item {
        Item::Event(Event { name: name.to_owned(), data: data.to_owned() })
    }

    #[test]
    fn events_are_the_same_wherever_they_are_cut() {
        let text = "\u{feff}: hi\r\n\r\nevent: a\r\ndata: {\"é\":1}\r\n\r\ndata:x\ndata: y\n\n\n\
                    event: empty\n\ndata: m\rdata: n\r\rid: 7\nretry: 1\ndata\n\ndata: last é";
        let expected = vec![
            Item::Comment,
            event("a", "{\"é\":1}"),
            event("", "x\ny"),
            event("", "m\nn"),
            event("", ""),
            event("", "last é"),
        ];
        let bytes = text.as_bytes();
        assert_eq!(read(&[bytes]), expected);
        for at in 0..bytes.len() {
            assert_eq!(read(&[&bytes[..at], &bytes[at..]]), expected, "cut at {at}");
        }
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(read(&single), expected);
    }

    #[test]
    fn memory_is_bounded() {
        let (mut decoder, mut items) = (Decoder::default(), Vec::new());
        let chunk = vec![b'x'; 1 << 20];
        let pushed = (0..40).map(|_| decoder.push(&chunk, &mut items)).find(Result::is_err);
        assert_eq!(pushed, Some(Err(TooLarge)));
    }
}
