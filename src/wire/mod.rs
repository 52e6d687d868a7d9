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
}

impl Wire {
    /// Every format, in the order in which lists show them.
    pub const ALL: [Self; 2] = [Self::Chat, Self::Messages];

    /// The name used in the config file.
    pub fn config_name(self) -> &'static str {
        match self {
            Self::Chat => "openai",
            Self::Messages => "claude",
        }
    }

    /// The format that a config file calls `name`. `anthropic` is accepted for `claude`.
    pub fn from_config_name(name: &str) -> Option<Self> {
        match name {
            "openai" => Some(Self::Chat),
            "claude" | "anthropic" => Some(Self::Messages),
            _ => None,
        }
    }
}

/// One value a format.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PerWire<T> {
    pub chat: T,
    pub messages: T,
}

impl<T> PerWire<T> {
    pub fn get(&self, wire: Wire) -> &T {
        match wire {
            Wire::Chat => &self.chat,
            Wire::Messages => &self.messages,
        }
    }

    pub fn get_mut(&mut self, wire: Wire) -> &mut T {
        match wire {
            Wire::Chat => &mut self.chat,
            Wire::Messages => &mut self.messages,
        }
    }
}
