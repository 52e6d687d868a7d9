//! What items are made of.

use std::borrow::Cow;

use serde_json::Value;

use crate::{
    translate::answer::{
        Citation,
        faults::broken,
        fields::{member, number, text},
    },
    wire::error::ClientError,
};

/// Most texts of one item; models write a handful, and the longest thinking has dozens.
const PARTS_MAX: usize = 256;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Message,
    Reasoning,
    /// A call whose arguments are JSON.
    Function,
    /// A call that takes text.
    Custom,
    /// Of the provider's own tools, or unheard of.
    Silent,
}

/// A field of an item that holds text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Text,
    Refusal,
    Summary,
    /// The thinking itself, of models that show it.
    Thinking,
    Arguments,
    Input,
}

/// A text of an item that grows.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) field: Field,
    /// Among those of its field, or of its message.
    pub(super) index: u64,
    pub(super) told: String,
    /// Told behind the text.
    pub(super) citations: Vec<Citation>,
    /// Annotations so far, whatever they are.
    annotations: usize,
}

/// An item, as far as it is known.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) kind: Kind,
    index: Option<u64>,
    pub(super) id: String,
    /// Of a call.
    pub(super) call_id: String,
    pub(super) name: String,
    /// Of a call that takes text: the JSON around it has begun.
    pub(super) wrapped: bool,
    pub(super) parts: Vec<Part>,
    /// Nothing more is to be told of it.
    pub(super) done: bool,
}

impl Field {
    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Text | Self::Refusal => Kind::Message,
            Self::Summary | Self::Thinking => Kind::Reasoning,
            Self::Arguments => Kind::Function,
            Self::Input => Kind::Custom,
        }
    }

    /// Where the whole text is.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Text | Self::Summary | Self::Thinking => "text",
            Self::Refusal => "refusal",
            Self::Arguments => "arguments",
            Self::Input => "input",
        }
    }
}

/// The field that an event (without `response.`) tells of, and whether it tells more of it or all.
pub(super) fn text_event(kind: &str) -> Option<(Field, bool)> {
    let (name, ending) = kind.rsplit_once('.')?;
    let field = match name {
        "output_text" => Field::Text,
        "refusal" => Field::Refusal,
        "reasoning_summary_text" | "reasoning_summary" => Field::Summary,
        "reasoning_text" | "reasoning" => Field::Thinking,
        "function_call_arguments" => Field::Arguments,
        "custom_tool_call_input" => Field::Input,
        _ => return None,
    };
    matches!(ending, "delta" | "done").then_some((field, ending == "delta"))
}

impl Item {
    pub(super) fn new(kind: Kind, index: Option<u64>, id: &str) -> Self {
        Self {
            kind,
            index,
            id: id.to_owned(),
            call_id: String::new(),
            name: String::new(),
            wrapped: false,
            parts: Vec::new(),
            done: false,
        }
    }

    /// Whether it may be the one at `index` or called `id`. Some servers make up an `id` for each event.
    pub(super) fn may_be(&self, index: Option<u64>, id: &str) -> bool {
        match (self.index, index) {
            (Some(known), Some(index)) => known == index,
            _ => self.is_called(id) || self.id.is_empty() || id.is_empty(),
        }
    }

    /// Whether it is that one beyond doubt. Some servers number all items 0.
    pub(super) fn is(&self, index: Option<u64>, id: &str) -> bool {
        match (self.index, index) {
            (Some(known), Some(index)) => known == index && self.may_be(None, id),
            _ => self.is_called(id),
        }
    }

    pub(super) fn is_called(&self, id: &str) -> bool {
        !id.is_empty() && self.id == id
    }

    /// One of its texts, which may be new.
    pub(super) fn part(&mut self, field: Field, index: u64) -> Result<&mut Part, ClientError> {
        let known = self.parts.iter().position(|part| part.is(field, index));
        if known.is_none() && self.parts.len() < PARTS_MAX {
            let told = String::new();
            self.parts.push(Part { field, index, told, citations: Vec::new(), annotations: 0 });
        }
        let part = match known {
            Some(at) => self.parts.get_mut(at),
            None => self.parts.last_mut().filter(|part| part.is(field, index)),
        };
        part.ok_or_else(|| broken("The provider's answer has too many parts"))
    }

    /// Takes what is told behind one of its texts.
    pub(super) fn take_citations(&mut self, field: Field, index: u64) -> Vec<Citation> {
        let part = self.parts.iter_mut().find(|part| part.is(field, index));
        part.map(|part| std::mem::take(&mut part.citations)).unwrap_or_default()
    }

    /// Whether its thinking has been told in another way: as a summary, or as it is.
    pub(super) fn is_told_otherwise(&self, field: Field) -> bool {
        let is_thinking = field.kind() == Kind::Reasoning;
        is_thinking && self.parts.iter().any(|part| part.field != field && !part.told.is_empty())
    }

    /// Whether another text of that field has been told.
    pub(super) fn has_other(&self, field: Field, index: u64) -> bool {
        let other = |part: &Part| part.field == field && part.index != index && !part.told.is_empty();
        self.parts.iter().any(other)
    }
}

impl Part {
    pub(super) fn is(&self, field: Field, index: u64) -> bool {
        self.field == field && self.index == index
    }

    /// Returns how many bytes it keeps of it.
    pub(super) fn cite(&mut self, annotation: &Value) -> usize {
        self.annotations += 1;
        let citation = Citation::of_annotation(annotation);
        let size = size_of::<Citation>() + citation.url.len() + citation.title.len();
        self.citations.push(citation);
        size
    }

    /// Those of a list that have not come one by one. Returns how many bytes it keeps of them.
    pub(super) fn cite_rest(&mut self, annotations: &Value) -> usize {
        let list = annotations.as_array().map(Vec::as_slice).unwrap_or_default();
        let rest = list.get(self.annotations..).unwrap_or_default();
        rest.iter().fold(0, |size, annotation| size.saturating_add(self.cite(annotation)))
    }

    /// What of the whole text has not been told. Where the two differ, nobody can take back what has been.
    pub(super) fn rest<'a>(&self, whole: &'a str) -> &'a str {
        whole.strip_prefix(self.told.as_str()).unwrap_or_default()
    }
}

pub(super) fn kind_of(item: &Value) -> Kind {
    match text(item, "type") {
        Some("message") => Kind::Message,
        Some("reasoning") => Kind::Reasoning,
        Some("function_call") => Kind::Function,
        Some("custom_tool_call") => Kind::Custom,
        _ => Kind::Silent,
    }
}

/// A text that is whole.
pub(super) struct Whole<'a> {
    pub(super) field: Field,
    pub(super) index: u64,
    pub(super) text: Cow<'a, str>,
    pub(super) annotations: &'a Value,
}

impl<'a> Whole<'a> {
    /// In an event, an item or a part of one.
    pub(super) fn of(field: Field, index: u64, of: &'a Value) -> Self {
        let text = string(member(of, field.name()));
        Self { field, index, text, annotations: member(of, "annotations") }
    }

    /// A part of a message; `None` for what is no text.
    pub(super) fn part(index: u64, part: &'a Value) -> Option<Self> {
        match text(part, "type")? {
            "output_text" | "text" => Some(Self::of(Field::Text, index, part)),
            "refusal" => Some(Self::of(Field::Refusal, index, part)),
            _ => None,
        }
    }
}

/// The texts of a whole item, in order.
pub(super) fn wholes(item: &Value) -> Vec<Whole<'_>> {
    let list = |name| (0..).zip(member(item, name).as_array().into_iter().flatten());
    let thinking = |name, field| list(name).map(move |(index, part)| Whole::of(field, index, part));
    match kind_of(item) {
        Kind::Message => match member(item, "content") {
            Value::String(text) => {
                let text = Cow::Borrowed(text.as_str());
                vec![Whole { field: Field::Text, index: 0, text, annotations: &Value::Null }]
            }
            _ => list("content").filter_map(|(index, part)| Whole::part(index, part)).collect(),
        },
        Kind::Reasoning => {
            thinking("summary", Field::Summary).chain(thinking("content", Field::Thinking)).collect()
        }
        Kind::Function => vec![Whole::of(Field::Arguments, 0, item)],
        Kind::Custom => vec![Whole::of(Field::Input, 0, item)],
        Kind::Silent => Vec::new(),
    }
}

/// A text; arguments that a server sends as the JSON that they are, as text.
pub(super) fn string(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        Value::Null => Cow::Borrowed(""),
        other => Cow::Owned(other.to_string()),
    }
}

/// Which text of its item an event is about.
pub(super) fn part_index(event: &Value) -> u64 {
    number(event, "content_index").or_else(|| number(event, "summary_index")).unwrap_or(0)
}
