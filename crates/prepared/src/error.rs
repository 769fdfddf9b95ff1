use std::path::PathBuf;

use dostyq_speech::Lang;

/// Why a prepared speech cannot be used. Every message names the file and says what the crew can do.
#[derive(Debug, thiserror::Error)]
pub enum PreparedError {
    /// The file is not there or may not be read.
    #[error("{path} cannot be read ({reason}); check the path", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// No text was given.
    #[error("there is no text; choose the speech's file in at least one language")]
    NoFile,
    /// The file is neither a text nor a Word document.
    #[error("{path} is neither .txt nor .docx; save the speech as one of them", path = path.display())]
    UnknownFormat {
        /// The file.
        path: PathBuf,
    },
    /// The text is in an encoding that cannot be told from the file.
    #[error("{path}, line {line}: the text is not in UTF-8; save it again as UTF-8", path = path.display())]
    Encoding {
        /// The file.
        path: PathBuf,
        /// The first line that is not, from 1.
        line: usize,
    },
    /// The file ends in .docx and holds no Word document.
    #[error("{path} is no Word document ({reason}); open it in a word processor and save it again as .docx", path = path.display())]
    Docx {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The file is larger than any speech.
    #[error("{path} holds more than {limit}; load the speech alone", path = path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// The limit, in words.
        limit: String,
    },
    /// There is not one word in the text.
    #[error("{source_name} holds no words; choose the file with the {lang} text")]
    Empty {
        /// The file, or which text.
        source_name: String,
        /// The language that was expected in it.
        lang: Lang,
    },
    /// The text is in another language than it was loaded for.
    #[error("{source_name} should be in {expected} and looks like {looks_like}; perhaps the two files are swapped")]
    WrongLanguage {
        /// The file, or which text.
        source_name: String,
        /// The language it was loaded for.
        expected: Lang,
        /// What it looks like: `kk`, `ru` or `neither language`.
        looks_like: &'static str,
    },
    /// A check view that was edited leaves a pair without any text.
    #[error("pair {number} of the check view holds no words in either language; take it out")]
    EmptyPair {
        /// The pair, from 1.
        number: usize,
    },
}
