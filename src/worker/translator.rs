//! A stream's translation as JS drives it.

use std::panic::AssertUnwindSafe;

use wasm_bindgen::prelude::*;

use crate::translate::answer::Stream;

/// Owned by the JS side, which frees it at the end.
#[wasm_bindgen]
pub struct Translator {
    /// After a panic JS says the last words itself and comes here no more.
    stream: AssertUnwindSafe<Stream>,
}

impl Translator {
    pub(super) fn new(stream: Stream) -> Self {
        Self { stream: AssertUnwindSafe(stream) }
    }
}

#[wasm_bindgen]
impl Translator {
    /// What these bytes of the upstream's amount to in the client's format.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        self.stream.push(bytes, &mut out);
        out
    }

    /// The upstream has ended or broken off.
    pub fn finish(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        self.stream.finish(&mut out);
        out
    }

    /// Whether the client has been told the end.
    #[wasm_bindgen(getter)]
    pub fn over(&self) -> bool {
        self.stream.is_over()
    }
}
