use std::path::{Path, PathBuf};

use ndarray::{Array1, Array2, Array3};
use ort::session::Session;
use ort::value::TensorRef;

use crate::WINDOW;

/// Samples of the previous window that the model wants in front of the next one (Silero VAD 5 and 6, 16 kHz).
const CONTEXT: usize = 64;
/// Shape of the recurrent state: layers, batch, width.
const STATE_SHAPE: (usize, usize, usize) = (2, 1, 128);

/// What can go wrong with the voice detector.
#[derive(Debug, thiserror::Error)]
pub enum VadError {
    /// The model could not be opened; nothing can be captioned without it.
    #[error("the voice detector {path} cannot be opened ({source}); run: dostyq models verify", path = path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the runtime said.
        source: ort::Error,
    },
    /// One window could not be judged: treat it as voice, so that no word is lost, and go on.
    #[error("the voice detector failed on a window ({0})")]
    Run(#[from] ort::Error),
}

/// Silero VAD, a small recurrent network (MIT, <https://github.com/snakers4/silero-vad>), run through ONNX Runtime.
///
/// Holds the state of one stream of sound: one detector a room.
pub struct SileroVad {
    session: Session,
    state: Array3<f32>,
    /// The end of the previous window and the window in hand, as the model takes them.
    input: Array2<f32>,
    rate: Array1<i64>,
}

impl SileroVad {
    /// Opens the 16 kHz model at `path`; it runs on one thread, since a window takes a fraction of a millisecond.
    pub fn open(environment: &ort::environment::Environment, path: &Path) -> Result<SileroVad, VadError> {
        let open = || -> ort::Result<Session> {
            Session::builder(environment)?
                .with_intra_threads(1)?
                .with_inter_threads(1)?
                .with_config_entry("session.intra_op.allow_spinning", "0")?
                .commit_from_file(path)
        };
        let session = open().map_err(|source| VadError::Open { path: path.to_owned(), source })?;
        Ok(SileroVad {
            session,
            state: Array3::zeros(STATE_SHAPE),
            input: Array2::zeros((1, CONTEXT + WINDOW)),
            rate: Array1::from_elem(1, 16_000),
        })
    }

    /// The probability, 0 to 1, that the window of [`WINDOW`] samples that follows the previous one is voice.
    /// A shorter last window is padded with silence; samples past the window are not looked at.
    pub fn probability(&mut self, window: &[f32]) -> Result<f32, VadError> {
        let input = self.input.as_slice_mut().unwrap_or_default();
        input.copy_within(WINDOW.., 0);
        let length = window.len().min(WINDOW);
        input[CONTEXT..CONTEXT + length].copy_from_slice(&window[..length]);
        input[CONTEXT + length..].fill(0.0);
        let outputs = self.session.run(ort::inputs![
            "input" => TensorRef::from_array_view(self.input.view())?,
            "state" => TensorRef::from_array_view(self.state.view())?,
            "sr" => TensorRef::from_array_view(self.rate.view())?,
        ])?;
        let (_, state) = outputs["stateN"].try_extract_tensor::<f32>()?;
        if let Some(kept) = self.state.as_slice_mut() {
            kept.copy_from_slice(state);
        }
        let (_, probability) = outputs["output"].try_extract_tensor::<f32>()?;
        Ok(probability.first().copied().unwrap_or_default())
    }
}
