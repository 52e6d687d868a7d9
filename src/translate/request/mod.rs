//! Requests, one direct pair a file.

pub mod chat_messages;
pub mod messages_chat;
pub mod responses;
pub mod responses_chat;
pub mod responses_messages;
