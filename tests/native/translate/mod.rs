//! Translation between formats.

mod chat_to_messages;
mod chat_to_messages_edges;
mod chat_to_messages_mutations;
mod contract;
mod messages_client;
