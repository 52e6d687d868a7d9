//! The formats that clients and providers speak.

pub mod conversation;
pub mod detect;
pub mod envelope;
pub mod error;
pub mod headers;
pub mod models;

/// A request and response format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wire {
    /// OpenAI Chat Completions; `openai` in the config file.
    Chat,
    /// Anthropic Messages; `claude` in the config file.
    Messages,
    /// OpenAI Responses; `openai-responses` in the config file.
    Responses,
    /// OpenAI's older Completions; `openai-completions` in the config file. Relayed, never translated.
    Completions,
}

impl Wire {
    /// Every format, in the order in which lists show them.
    pub const ALL: [Self; 4] = [Self::Chat, Self::Messages, Self::Responses, Self::Completions];

    /// The name used in the config file.
    pub fn config_name(self) -> &'static str {
        match self {
            Self::Chat => "openai",
            Self::Messages => "claude",
            Self::Responses => "openai-responses",
            Self::Completions => "openai-completions",
        }
    }

    /// The format that a config file calls `name`. `anthropic` is accepted for `claude`.
    pub fn from_config_name(name: &str) -> Option<Self> {
        if name == "anthropic" {
            return Some(Self::Messages);
        }
        Self::ALL.into_iter().find(|wire| wire.config_name() == name)
    }
}

/// As the config file calls it.
impl serde::Serialize for Wire {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.config_name())
    }
}

/// One value a format.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PerWire<T> {
    pub chat: T,
    pub messages: T,
    pub responses: T,
    pub completions: T,
}

impl<T> PerWire<T> {
    pub fn of(value: impl Fn(Wire) -> T) -> Self {
        Self {
            chat: value(Wire::Chat),
            messages: value(Wire::Messages),
            responses: value(Wire::Responses),
            completions: value(Wire::Completions),
        }
    }

    pub fn get(&self, wire: Wire) -> &T {
        match wire {
            Wire::Chat => &self.chat,
            Wire::Messages => &self.messages,
            Wire::Responses => &self.responses,
            Wire::Completions => &self.completions,
        }
    }

    pub fn get_mut(&mut self, wire: Wire) -> &mut T {
        match wire {
            Wire::Chat => &mut self.chat,
            Wire::Messages => &mut self.messages,
            Wire::Responses => &mut self.responses,
            Wire::Completions => &mut self.completions,
        }
    }
}
