//! Between a client of one format and a provider of another.
//!
//! | client    | provider, preferred first                                                              |
//! |-----------|----------------------------------------------------------------------------------------|
//! | Chat      | Chat (relay), Messages, Responses                                                      |
//! | Messages  | Messages (relay), Chat, Responses                                                      |
//! | Responses | Responses (relay), Chat, Messages                                                      |
//!
//! A *request* is translated by one direct [`Pair`] each: what a field means depends on both ends. An
//! *answer* is read by one reader an upstream format and written by one writer a client format, with
//! [`answer::Piece`]s between them: the union of what answers are made of, never the intersection.
//!
//! Nothing here does I/O; time and ids are in the [`Scene`]. What is lost is noted in [`Notes`]; what cannot
//! be meant is refused with the name of the field.

pub mod answer;
pub mod cleanse;
pub mod effort;
pub mod fault;
pub mod headers;
pub mod memo;
pub mod notes;
pub mod parts;
pub mod request;
pub mod seal;
pub mod sse;
pub mod tools;
pub mod traits;

pub use memo::Memo;
pub use notes::Notes;
pub use traits::Traits;

use crate::wire::Wire;

/// A client's format and the other that its request is translated to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pair {
    MessagesToChat,
    ChatToMessages,
    ResponsesToChat,
    ResponsesToMessages,
    ChatToResponses,
    MessagesToResponses,
}

/// How a provider of a format can serve a client of a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Relay,
    Translate(Pair),
}

/// The formats in which a client of `client` can be served, preferred first.
pub fn ways(client: Wire) -> &'static [(Wire, Way)] {
    use Pair::{
        ChatToMessages, ChatToResponses, MessagesToChat, MessagesToResponses, ResponsesToChat,
        ResponsesToMessages,
    };
    use Way::{Relay, Translate};
    match client {
        Wire::Chat => &[
            (Wire::Chat, Relay),
            (Wire::Messages, Translate(ChatToMessages)),
            (Wire::Responses, Translate(ChatToResponses)),
        ],
        Wire::Messages => &[
            (Wire::Messages, Relay),
            (Wire::Chat, Translate(MessagesToChat)),
            (Wire::Responses, Translate(MessagesToResponses)),
        ],
        Wire::Responses => &[
            (Wire::Responses, Relay),
            (Wire::Chat, Translate(ResponsesToChat)),
            (Wire::Messages, Translate(ResponsesToMessages)),
        ],
        Wire::Completions => &[(Wire::Completions, Relay)],
    }
}

/// What a translator knows besides the body.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// The model as the client called it; its answers echo it.
    pub requested: &'a str,
    /// The provider that the request goes to.
    pub provider: &'a str,
    /// The model's id there.
    pub model: &'a str,
    pub traits: &'a Traits,
    /// Unique to the request and safe in ids (`[a-zA-Z0-9]`): ids that the answer needs are made of it.
    pub id: &'a str,
    /// Seconds since 1970.
    pub created: u64,
}

/// A request in the provider's format.
#[derive(Debug)]
pub struct Translated {
    pub body: Vec<u8>,
    /// What the answer's translation needs to know of the request.
    pub memo: Memo,
    pub notes: Notes,
}

/// A request that cannot be meant in the provider's format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// The field at fault, such as `messages[3].content[0]`.
    pub param: String,
    /// What was wrong and what to do.
    pub message: String,
    /// What Messages clients recognise the cause by, where they can mend it themselves.
    pub code: Option<&'static str>,
}

impl Refusal {
    pub fn new(param: impl Into<String>, message: impl Into<String>) -> Self {
        Self { param: param.into(), message: message.into(), code: None }
    }

    #[must_use]
    pub fn code(self, code: &'static str) -> Self {
        Self { code: Some(code), ..self }
    }
}

/// Translates a request's body. It was an object of bounded depth before; what else it is is checked here.
pub fn request(pair: Pair, body: &[u8], scene: &Scene<'_>) -> Result<Translated, Refusal> {
    match pair {
        Pair::MessagesToChat => request::messages_chat::translate(body, scene),
        Pair::ChatToMessages => request::chat_messages::translate(body, scene),
        Pair::ResponsesToChat => request::responses_chat::translate(body, scene),
        Pair::ResponsesToMessages => request::responses_messages::translate(body, scene),
        Pair::ChatToResponses => request::chat_responses::translate(body, scene),
        Pair::MessagesToResponses => request::messages_responses::translate(body, scene),
    }
}
