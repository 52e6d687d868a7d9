//! Translation between formats.

mod chat_checker;
mod contract;
mod from_messages;
mod to_chat;
mod to_chat_mutations;
