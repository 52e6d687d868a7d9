//! Not written yet.

use super::{Piece, Reader};
use crate::{
    translate::{Memo, sse::Event},
    wire::error::{ClientError, Kind},
};

pub struct Stream;

impl Stream {
    pub fn new(_memo: &Memo) -> Self {
        Self
    }
}

impl Reader for Stream {
    fn event(&mut self, _event: &Event, _pieces: &mut Vec<Piece>) {}
    fn end(&mut self, _pieces: &mut Vec<Piece>) {}
}

pub fn document(_body: &[u8], _memo: &Memo) -> Result<Vec<Piece>, ClientError> {
    Err(ClientError::new(Kind::Api, "not written yet"))
}
