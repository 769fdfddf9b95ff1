use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use dostyq_models::{Store, cache_folder};
use dostyq_recognise::{
    CtcOptions, CtcRecogniser, EngineSet, Ladder, RecogniseError, Recogniser, RecogniserThread, Whisper, WhisperOptions,
};
use dostyq_segment::SileroVad;
use dostyq_speech::{Effort, Lang};
use dostyq_translate::{Direction, OnnxOptions, OnnxTranslator, PairTranslator, Search, Translator};

use crate::config::{Models as ModelChoice, Translation};
use crate::translator_thread::TranslatorThread;

/// The models in the manifest that every server needs.
const VOICE_DETECTOR: &str = "silero-vad";
const RUNTIME: &str = "onnxruntime";

/// Makes voice detectors, one for each room.
pub(crate) struct VoiceDetectors {
    /// ONNX Runtime; there can be one environment a process, and it must outlive the engines that run on it.
    environment: ort::environment::Environment,
    model: PathBuf,
}

impl VoiceDetectors {
    pub(crate) fn make(&self) -> anyhow::Result<SileroVad> {
        Ok(SileroVad::open(&self.environment, &self.model)?)
    }
}

/// The loaded models.
pub(crate) struct Models {
    pub(crate) voice_detectors: VoiceDetectors,
    pub(crate) recognisers: EngineSet,
    pub(crate) translator: Box<dyn Translator>,
}

impl Models {
    /// Verifies and loads all models, which takes a second or two.
    pub(crate) fn open(chosen: &ModelChoice) -> anyhow::Result<Models> {
        let store = store()?;
        let environment = start_runtime(&store)?;
        let model = store.locate(VOICE_DETECTOR)?.main_file().to_owned();
        let recognisers = open_recognisers(&store, &environment, chosen)?;
        let translator = open_translator(&store, &environment, &chosen.translation)?;
        Ok(Models { voice_detectors: VoiceDetectors { environment, model }, recognisers, translator })
    }

    /// The rungs of the degradation ladder that these models allow.
    pub(crate) fn ladder(&self) -> Ladder {
        if self.recognisers.lighter.is_some() { Ladder::new(Effort::ALL) } else { Ladder::default() }
    }
}

/// The models on their threads, shared by all rooms.
pub struct Engines {
    pub(crate) voice_detectors: VoiceDetectors,
    pub(crate) recogniser: Arc<RecogniserThread>,
    pub(crate) translator: TranslatorThread,
}

impl Engines {
    /// Opens the models and gives each its thread.
    pub fn start(chosen: &ModelChoice) -> anyhow::Result<Engines> {
        let models = Models::open(chosen)?;
        let ladder = models.ladder();
        let Models { voice_detectors, recognisers, translator } = models;
        let (environment, chosen) = (voice_detectors.environment.clone(), chosen.clone());
        let reopen = move || {
            store().and_then(|store| open_recognisers(&store, &environment, &chosen)).map_err(|error| {
                tracing::error!("the recogniser cannot be started again: {error:#}");
                RecogniseError::Stopped
            })
        };
        let recogniser = RecogniserThread::spawn("recognise", recognisers, Box::new(reopen), ladder)
            .context("the recogniser's thread cannot be started")?;
        let translator = TranslatorThread::spawn(translator).context("the translator's thread cannot be started")?;
        Ok(Engines { voice_detectors, recogniser: Arc::new(recogniser), translator })
    }
}

/// Loads ONNX Runtime; once a process.
fn start_runtime(store: &Store) -> anyhow::Result<ort::environment::Environment> {
    let library = store.locate(RUNTIME)?;
    let library = library.main_file();
    ort::init_from(library)
        .with_context(|| {
            format!("ONNX Runtime {} cannot be loaded; run: dostyq models verify {RUNTIME}", library.display())
        })?
        .build()
        .context("ONNX Runtime does not start")
}

/// A translation model alone, by its name or its folder; once a process.
pub(crate) fn open_translation(
    model: &str,
    direction: Option<Direction>,
    search: Search,
) -> anyhow::Result<OnnxTranslator> {
    let store = store()?;
    let folder = Path::new(model);
    let folder = if folder.is_dir() { folder.to_owned() } else { store.locate(model)?.folder };
    let environment = start_runtime(&store)?;
    Ok(OnnxTranslator::open(&environment, &folder, &OnnxOptions { direction, search, ..OnnxOptions::default() })?)
}

/// The usual speech model, and the lighter one where the configuration names one.
fn open_recognisers(
    store: &Store,
    environment: &ort::environment::Environment,
    chosen: &ModelChoice,
) -> anyhow::Result<EngineSet> {
    let options =
        WhisperOptions { threads: chosen.speech_threads(), use_gpu: chosen.gpu, gpu_device: chosen.gpu_device };
    let open = |name: &str| -> anyhow::Result<Box<dyn Recogniser>> {
        let model = store.locate(name)?;
        // A network for ONNX Runtime is a CTC model; everything else is for whisper.cpp, which says so if it is not.
        if model.main_file().extension().is_some_and(|extension| extension == "onnx") {
            anyhow::ensure!(
                !chosen.gpu,
                "the speech model {name} runs on the processor alone: set models.gpu to false"
            );
            let options = CtcOptions { threads: chosen.speech_threads(), ..CtcOptions::default() };
            return Ok(Box::new(CtcRecogniser::open(environment, &model.folder, &options)?));
        }
        Ok(Box::new(Whisper::open(model.main_file(), &options)?))
    };
    Ok(EngineSet { usual: open(&chosen.speech)?, lighter: chosen.lighter_speech.as_deref().map(open).transpose()? })
}

fn open_translator(
    store: &Store,
    environment: &ort::environment::Environment,
    translation: &Translation,
) -> anyhow::Result<Box<dyn Translator>> {
    let open = |name: &str, from: Option<Lang>| -> anyhow::Result<Box<dyn Translator>> {
        let folder = store.locate(name)?.folder;
        let direction = from.map(|from| Direction { from, to: from.other() });
        let options = OnnxOptions { direction, ..OnnxOptions::default() };
        Ok(Box::new(OnnxTranslator::open(environment, &folder, &options)?))
    };
    Ok(match translation {
        Translation::BothWays(name) => open(name, None)?,
        Translation::Pair { kazakh_to_russian, russian_to_kazakh } => Box::new(PairTranslator {
            kazakh_to_russian: open(kazakh_to_russian, Some(Lang::Kazakh))?,
            russian_to_kazakh: open(russian_to_kazakh, Some(Lang::Russian))?,
        }),
    })
}

/// What is missing for these models; nothing when all is well.
pub(crate) fn faults(models: &ModelChoice) -> anyhow::Result<Vec<dostyq_models::Error>> {
    let store = store()?;
    let names = [RUNTIME, VOICE_DETECTOR, &models.speech].into_iter();
    let names = names.chain(models.lighter_speech.as_deref()).chain(models.translation.names());
    Ok(names.filter_map(|name| store.locate(name).err()).collect())
}

/// The models of this machine.
pub(crate) fn store() -> anyhow::Result<Store> {
    Ok(Store::new(bundled_folder(), cache_folder()?))
}

/// The models that come with the program: `$DOSTYQ_BUNDLED`, else `share/dostyq/models` beside the `bin` folder of an
/// installed program, else the source tree that it was built from.
fn bundled_folder() -> PathBuf {
    if let Some(folder) = std::env::var_os("DOSTYQ_BUNDLED") {
        return folder.into();
    }
    let installed =
        std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.parent()?.join("share/dostyq/models")));
    installed
        .filter(|folder| folder.is_dir())
        .unwrap_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/../../models").into())
}
