use crate::{Glossary, Memory};

/// What people have said about how a room's texts are to be translated.
#[derive(Clone, Debug, Default)]
pub struct Knowledge {
    /// Its names and terms.
    pub glossary: Glossary,
    /// Whole sentences with their translations: they win over the machine.
    pub memory: Memory,
}
