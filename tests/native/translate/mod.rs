//! Translations, as the gateway uses them.

mod chat_checker;
mod contract;
mod from_messages;
mod messages_chat;
mod to_chat;
mod to_chat_mutations;
mod responses_request;
mod to_responses;
