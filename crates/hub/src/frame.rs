//! The first bytes of a text frame (RFC 6455, 5.2) as a server sends it: no extension, no mask.

use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

/// Which part of a message a frame carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Whole,
    First,
    Middle,
    Last,
}

/// The header of a frame with a payload of so many bytes.
pub(crate) fn head(part: Part, payload: usize) -> Vec<u8> {
    let (is_final, data) = match part {
        Part::Whole => (true, Data::Text),
        Part::First => (false, Data::Text),
        Part::Middle => (false, Data::Continue),
        Part::Last => (true, Data::Continue),
    };
    let header = FrameHeader { is_final, opcode: OpCode::Data(data), ..FrameHeader::default() };
    let mut head = Vec::with_capacity(header.len(payload as u64));
    header.format(payload as u64, &mut head).expect("a vector takes what is written to it");
    head
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_says_part_and_length() {
        let check = |part, payload, expect: &[u8]| assert_eq!(head(part, payload), expect, "{part:?} {payload}");
        check(Part::Whole, 0, &[0x81, 0]);
        check(Part::Whole, 125, &[0x81, 125]);
        check(Part::Whole, 126, &[0x81, 126, 0, 126]);
        check(Part::First, 65_535, &[0x01, 126, 0xff, 0xff]);
        check(Part::Middle, 65_536, &[0x00, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
        check(Part::Last, 7, &[0x80, 7]);
    }
}
