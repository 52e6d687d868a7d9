//! Not written yet.

use super::{Piece, Writer};
use crate::translate::Memo;

pub struct Stream;

impl Stream {
    pub fn new(_memo: &Memo) -> Self {
        Self
    }
}

impl Writer for Stream {
    fn piece(&mut self, _piece: Piece, _out: &mut Vec<u8>) {}
}

pub fn document(_pieces: Vec<Piece>, _memo: &Memo) -> Vec<u8> {
    Vec::new()
}
