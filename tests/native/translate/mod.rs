//! Translations, as the gateway uses them.

mod chat_checker;
mod chat_messages;
mod chat_to_messages;
mod chat_to_messages_edges;
mod chat_to_messages_mutations;
mod chat_words;
mod contract;
mod edges;
mod from_messages;
mod from_responses;
mod fuzz;
mod golden;
mod matrix;
mod messages_chat;
mod messages_client;
mod responses_provider;
mod responses_request;
mod to_chat;
mod to_chat_mutations;
mod to_responses;
