//! Protocol buffers without a schema: a message is its fields, each a number and a value.
//!
//! A generated reader drops the fields that its schema does not know, and so would damage a model that a newer exporter
//! wrote. Here everything that is not touched is written back as it came. The encoding is that of
//! <https://protobuf.dev/programming-guides/encoding/>; groups, which ONNX never had, are refused.

use std::io::{self, Write};

use bytes::{BufMut, Bytes, BytesMut};

/// The bytes are no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Damaged;

/// A field's value. Texts, bytes, packed numbers and messages look alike on the wire.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Varint(u64),
    Eight([u8; 8]),
    Bytes(Bytes),
    Four([u8; 4]),
    /// Bytes that were looked into.
    Message(Message),
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Message {
    fields: Vec<(u32, Value)>,
}

impl Message {
    /// Splits a message into its fields; their bytes are shared with `bytes`, not copied.
    pub(super) fn parse(mut bytes: Bytes) -> Result<Message, Damaged> {
        let mut fields = Vec::new();
        while !bytes.is_empty() {
            let key = take_varint(&mut bytes)?;
            let number = u32::try_from(key >> 3).map_err(|_| Damaged)?;
            let value = match key & 7 {
                0 => Value::Varint(take_varint(&mut bytes)?),
                1 => Value::Eight(take_array(&mut bytes)?),
                2 => {
                    let length = usize::try_from(take_varint(&mut bytes)?).map_err(|_| Damaged)?;
                    Value::Bytes(take(&mut bytes, length)?)
                }
                5 => Value::Four(take_array(&mut bytes)?),
                _ => return Err(Damaged),
            };
            fields.push((number, value));
        }
        Ok(Message { fields })
    }

    /// The messages under a number, to be changed in place.
    pub(super) fn messages_mut(&mut self, number: u32) -> Result<Vec<&mut Message>, Damaged> {
        let mut found = Vec::new();
        for (_, value) in self.fields.iter_mut().filter(|(n, _)| *n == number) {
            if let Value::Bytes(bytes) = value {
                *value = Value::Message(Message::parse(bytes.clone())?);
            }
            match value {
                Value::Message(message) => found.push(message),
                _ => return Err(Damaged),
            }
        }
        Ok(found)
    }

    /// The messages under a number, to be read. What was opened for change is copied, so read first.
    pub(super) fn messages(&self, number: u32) -> Result<Vec<Message>, Damaged> {
        let found = self.fields.iter().filter(|(n, _)| *n == number);
        found
            .map(|(_, value)| match value {
                Value::Bytes(bytes) => Message::parse(bytes.clone()),
                Value::Message(message) => Ok(message.clone()),
                _ => Err(Damaged),
            })
            .collect()
    }

    /// The last value under a number, as the encoding wants it for a field that is not repeated.
    pub(super) fn varint(&self, number: u32) -> Option<u64> {
        self.fields.iter().rev().find_map(|(n, value)| match value {
            Value::Varint(varint) if *n == number => Some(*varint),
            _ => None,
        })
    }

    /// The last bytes under a number.
    pub(super) fn bytes(&self, number: u32) -> Option<&Bytes> {
        self.fields.iter().rev().find_map(|(n, value)| match value {
            Value::Bytes(bytes) if *n == number => Some(bytes),
            _ => None,
        })
    }

    /// The last text under a number; empty where there is none.
    pub(super) fn text(&self, number: u32) -> Result<String, Damaged> {
        self.bytes(number).map_or(Ok(String::new()), text_of)
    }

    /// All texts under a number.
    pub(super) fn texts(&self, number: u32) -> Result<Vec<String>, Damaged> {
        let found = self.fields.iter().filter(|(n, _)| *n == number);
        found
            .map(|(_, value)| match value {
                Value::Bytes(bytes) => text_of(bytes),
                _ => Err(Damaged),
            })
            .collect()
    }

    /// All whole numbers under a number, packed or not.
    pub(super) fn varints(&self, number: u32) -> Result<Vec<u64>, Damaged> {
        let mut found = Vec::new();
        for (_, value) in self.fields.iter().filter(|(n, _)| *n == number) {
            match value {
                Value::Varint(varint) => found.push(*varint),
                Value::Bytes(packed) => {
                    let mut packed = packed.clone();
                    while !packed.is_empty() {
                        found.push(take_varint(&mut packed)?);
                    }
                }
                _ => return Err(Damaged),
            }
        }
        Ok(found)
    }

    /// All numbers of a fixed width under a number, packed or not, one after the other.
    pub(super) fn fixed(&self, number: u32) -> Result<Bytes, Damaged> {
        let mut found = BytesMut::new();
        for (_, value) in self.fields.iter().filter(|(n, _)| *n == number) {
            match value {
                Value::Four(bytes) => found.put_slice(bytes),
                Value::Eight(bytes) => found.put_slice(bytes),
                Value::Bytes(packed) => found.put_slice(packed),
                _ => return Err(Damaged),
            }
        }
        Ok(found.freeze())
    }

    /// Whether there is anything under a number.
    pub(super) fn has(&self, number: u32) -> bool {
        self.fields.iter().any(|(n, _)| *n == number)
    }

    /// Puts these values under a number, where the first of the old ones stood.
    pub(super) fn set(&mut self, number: u32, values: impl IntoIterator<Item = Value>) {
        let at = self.fields.iter().position(|(n, _)| *n == number).unwrap_or(self.fields.len());
        self.fields.retain(|(n, _)| *n != number);
        self.fields.splice(at..at, values.into_iter().map(|value| (number, value)));
    }

    /// How many bytes it takes.
    pub(super) fn length(&self) -> u64 {
        let field = |(number, value): &(u32, Value)| {
            let key = u64::from(*number) << 3;
            let (head, body) = match value {
                Value::Varint(varint) => (0, varint_length(*varint)),
                Value::Eight(_) => (0, 8),
                Value::Four(_) => (0, 4),
                Value::Bytes(bytes) => (varint_length(bytes.len() as u64), bytes.len() as u64),
                Value::Message(message) => {
                    let length = message.length();
                    (varint_length(length), length)
                }
            };
            varint_length(key) + head + body
        };
        self.fields.iter().map(field).sum()
    }

    /// Writes it as it came, but for what was changed.
    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        for (number, value) in &self.fields {
            let key = |kind: u64| u64::from(*number) << 3 | kind;
            match value {
                Value::Varint(varint) => {
                    write_varint(out, key(0))?;
                    write_varint(out, *varint)?;
                }
                Value::Eight(bytes) => {
                    write_varint(out, key(1))?;
                    out.write_all(bytes)?;
                }
                Value::Bytes(bytes) => {
                    write_varint(out, key(2))?;
                    write_varint(out, bytes.len() as u64)?;
                    out.write_all(bytes)?;
                }
                Value::Message(message) => {
                    write_varint(out, key(2))?;
                    write_varint(out, message.length())?;
                    message.write(out)?;
                }
                Value::Four(bytes) => {
                    write_varint(out, key(5))?;
                    out.write_all(bytes)?;
                }
            }
        }
        Ok(())
    }
}

/// Whole numbers as one packed field.
pub(super) fn packed(numbers: &[u64]) -> Value {
    let mut bytes = Vec::with_capacity(numbers.len());
    for number in numbers {
        push_varint(&mut bytes, *number);
    }
    Value::Bytes(bytes.into())
}

fn text_of(bytes: &Bytes) -> Result<String, Damaged> {
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| Damaged)
}

fn take(bytes: &mut Bytes, length: usize) -> Result<Bytes, Damaged> {
    if length > bytes.len() { Err(Damaged) } else { Ok(bytes.split_to(length)) }
}

fn take_array<const N: usize>(bytes: &mut Bytes) -> Result<[u8; N], Damaged> {
    take(bytes, N)?.as_ref().try_into().map_err(|_| Damaged)
}

/// Seven bits a byte, the lowest first; the highest bit says that more follow.
fn take_varint(bytes: &mut Bytes) -> Result<u64, Damaged> {
    let mut number = 0;
    for (place, byte) in bytes.iter().enumerate().take(10) {
        number |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            let _ = bytes.split_to(place + 1);
            return Ok(number);
        }
    }
    Err(Damaged)
}

fn push_varint(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn write_varint(out: &mut impl Write, number: u64) -> io::Result<()> {
    let mut bytes = Vec::with_capacity(10);
    push_varint(&mut bytes, number);
    out.write_all(&bytes)
}

fn varint_length(number: u64) -> u64 {
    u64::from((64 - (number | 1).leading_zeros()).div_ceil(7))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(message: &Message) -> Vec<u8> {
        let mut out = Vec::new();
        message.write(&mut out).expect("memory");
        assert_eq!(out.len() as u64, message.length());
        out
    }

    #[test]
    fn what_is_not_touched_comes_back_as_it_was() {
        // Of every kind: 1 → 300, 2 → "ab", 3 → eight bytes, 4 → four bytes, 200 → 1.
        let bytes = b"\x08\xac\x02\x12\x02ab\x1912345678\x251234\xc0\x0c\x01";
        let message = Message::parse(Bytes::from_static(bytes)).expect("sound");
        assert_eq!(written(&message), bytes);
        assert_eq!((message.varint(1), message.varint(200), message.varint(2)), (Some(300), Some(1), None));
        assert_eq!(message.text(2), Ok("ab".to_owned()));
        assert_eq!(message.text(9), Ok(String::new()));
    }

    #[test]
    fn changes_reach_into_messages() {
        // 1 → a message with 2 → 5; 1 → another, empty one.
        let mut message = Message::parse(Bytes::from_static(b"\x0a\x02\x10\x05\x0a\x00\x18\x07")).expect("sound");
        for inner in message.messages_mut(1).expect("messages") {
            inner.set(2, [Value::Varint(300), Value::Varint(2)]);
        }
        assert_eq!(written(&message), b"\x0a\x05\x10\xac\x02\x10\x02\x0a\x05\x10\xac\x02\x10\x02\x18\x07");
        assert_eq!(message.messages(1).expect("messages").len(), 2);
    }

    #[test]
    fn numbers_are_read_packed_or_not() {
        let check = |bytes: &'static [u8], expect: &[u64]| {
            let message = Message::parse(Bytes::from_static(bytes)).expect("sound");
            assert_eq!(message.varints(1), Ok(expect.to_vec()));
        };
        check(b"\x08\x05\x08\xac\x02", &[5, 300]);
        check(b"\x0a\x03\x05\xac\x02", &[5, 300]);
        check(b"", &[]);
        let fixed = Message::parse(Bytes::from_static(b"\x0dabcd\x0a\x04efgh")).expect("sound");
        assert_eq!(fixed.fixed(1), Ok(Bytes::from_static(b"abcdefgh")));
        assert_eq!(packed(&[5, 300]), Value::Bytes(Bytes::from_static(b"\x05\xac\x02")));
        assert_eq!(varint_length(u64::MAX), 10);
    }

    #[test]
    fn damage_is_noticed() {
        for bytes in [&b"\x08"[..], b"\x12\x05ab", b"\x0b\x0c", b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"] {
            assert_eq!(Message::parse(Bytes::copy_from_slice(bytes)), Err(Damaged), "{bytes:?}");
        }
    }
}
