//! Translations, as the gateway uses them.

mod messages_chat;
mod to_responses;
