//! The one ordered, durable log of a room.
