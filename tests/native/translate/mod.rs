//! Translations, as the gateway uses them.

mod messages_chat;
mod responses_request;
mod to_responses;
