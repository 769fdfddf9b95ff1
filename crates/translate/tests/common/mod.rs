//! What the tests with models share.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use dostyq_translate::{OnnxOptions, OnnxTranslator};
use ort::environment::Environment;

/// The process's handle to the ONNX Runtime library that `DOSTYQ_ONNXRUNTIME` names.
pub(crate) fn environment() -> &'static Environment {
    static ENVIRONMENT: OnceLock<Environment> = OnceLock::new();
    ENVIRONMENT.get_or_init(|| {
        let library = std::env::var("DOSTYQ_ONNXRUNTIME")
            .expect("DOSTYQ_ONNXRUNTIME must name the ONNX Runtime library: run scripts/test, which sets it");
        ort::init_from(&library).expect(&library).build().expect("the first environment of the process")
    })
}

/// A path in the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// Opens a model, which must be there.
pub(crate) fn open(folder: &Path, options: &OnnxOptions) -> OnnxTranslator {
    OnnxTranslator::open(environment(), folder, options).unwrap_or_else(|error| panic!("{error}"))
}
