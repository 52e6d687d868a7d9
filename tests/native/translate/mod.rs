//! Translation between formats.

mod responses_request;
