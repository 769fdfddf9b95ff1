//! A microphone, a channel of a desk or a file becomes 16 kHz mono frames on one sample clock.
