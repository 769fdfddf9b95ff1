use serde_json::json;

use super::checkpoint::{Checkpoint, STATE, VOCABULARY};
use super::ggml_reader::Ggml;
use super::hugging_face::{Dtype, Folder};
use super::*;
use crate::testing::{Hall, manifest, names, pinned_file, unheard};

fn ours() -> Folder {
    Folder::of(&Checkpoint::half())
}

/// The ggml file that becomes of what `write` puts into a folder.
fn converted(write: impl Fn(&Path)) -> Vec<u8> {
    let hall = Hall::new();
    write(&hall.path("checkpoint"));
    let out = hall.path("out/ggml.bin");
    convert_whisper(&hall.path("checkpoint"), &out, &mut unheard).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(names(&hall.path("out")), ["ggml.bin"]);
    fs::read(&out).expect("there")
}

#[test]
fn the_same_weights_give_the_same_file_from_either_form() {
    let expect = converted(|to| Checkpoint::half().write(to));
    let check = |folder: Folder, what: &str| {
        assert!(converted(|to| folder.write(to)) == expect, "{what}");
    };
    check(ours(), "half precision");
    check(ours().stored_as(Dtype::F32), "single precision");
    check(ours().in_shards(3), "three files");
    check(ours().renamed(|name| name.replace("model.", "")), "without the prefix");

    let (dims, numbers) = (vec![VOCABULARY, STATE], ours().tensors[0].2.clone());
    assert_eq!(ours().tensors[0].0, "model.decoder.embed_tokens.weight");
    let mut tied = ours();
    tied.tensors.push(("proj_out.weight".into(), dims, numbers));
    check(tied, "with the output layer");
    check(ours().with("model.encoder.layers.0.self_attn.k_proj.bias", &[STATE], 0.0), "with a bias of the keys");

    let mut older = ours();
    older.others.remove("tokenizer.json");
    older.others.insert("vocab.json", r#"{"a": 0, "ĠÐ±": 1, "": 2}"#.into());
    older.others.insert("added_tokens.json", r#"{"<|endoftext|>": 3}"#.into());
    check(older, "with an older tokenizer");

    let brain = converted(|to| Checkpoint::brain().write(to));
    assert!(brain != expect && converted(|to| ours().stored_as(Dtype::Bf16).write(to)) == brain, "bfloat16");
}

#[test]
fn tensors_may_lie_in_any_order() {
    let mut folder = ours();
    folder.tensors.reverse();
    let (one, other) = (converted(|to| folder.write(to)), converted(|to| ours().write(to)));
    assert!(one != other && Ggml::read(&one) == Ggml::read(&other));
}

#[test]
fn the_sizes_of_large_v3_are_taken_over() {
    let large = Checkpoint::half()
        .with("encoder/conv1/weight", &[STATE, 128, 3])
        .with("decoder/embeddings/weight", &[VOCABULARY + 1, STATE]);
    let file = converted(|to| Folder::of(&large).write(to));
    assert!(file == converted(|to| large.write(to)));
    let ggml = Ggml::read(&file);
    assert_eq!((ggml.shape[0], ggml.shape[9], ggml.mel_rows), (51_866, 128, 128));
}

#[test]
fn a_file_or_an_index_stands_for_its_folder() {
    let hall = Hall::new();
    let store = hall.store(&manifest("tiny", "{ kind = \"bundled\" }", &pinned_file("a", b"")));
    ours().write(&hall.path("Kazakh Whisper"));
    ours().in_shards(2).write(&hall.path("in-shards"));
    for (path, name) in [
        ("Kazakh Whisper", "kazakh-whisper"),
        ("Kazakh Whisper/model.safetensors", "kazakh-whisper"),
        ("in-shards", "in-shards"),
        ("in-shards/model.safetensors.index.json", "in-shards"),
    ] {
        let imported = store.import(&hall.path(path), None, None, &mut unheard).expect(path);
        assert_eq!(
            (imported.name.as_str(), names(&imported.folder)),
            (name, vec!["dostyq-model.toml".into(), "ggml-f16.bin".into()])
        );
        assert_eq!(store.locate(name).expect("kept"), imported);
    }
    let imported = store.import(&hall.path("in-shards"), None, Some(Quantisation::Q5_1), &mut unheard).expect("sound");
    assert_eq!(names(&imported.folder), [RECORD, "ggml-q5_1.bin"]);
    assert_eq!(fs::read(imported.main_file()).expect("there")[44..48], 2_009u32.to_le_bytes());
    // Weights of another name are found where they are the only ones.
    fs::rename(hall.path("Kazakh Whisper/model.safetensors"), hall.path("Kazakh Whisper/kk.safetensors"))
        .expect("ours");
    store.import(&hall.path("Kazakh Whisper"), None, None, &mut unheard).expect("the only weights");
}

#[test]
fn what_cannot_be_converted_is_named() {
    let check_folder = |folder: &Path, expect: &str| {
        let out = folder.join("out/ggml.bin");
        let error = convert_whisper(folder, &out, &mut unheard).expect_err(expect).to_string();
        assert!(error.contains("cannot be imported: ") && error.contains(expect), "{error}");
        assert!(names(&folder.join("out")).is_empty(), "nothing half-made stays");
    };
    let check = |folder: Folder, expect: &str| {
        let hall = Hall::new();
        folder.write(&hall.path("checkpoint"));
        check_folder(&hall.path("checkpoint"), expect);
    };
    let asks = |key: &str, value: u32| ours().configured(key, json!(value));

    // Sizes: `config.json` against the tensors, and against what whisper.cpp can do.
    check(
        asks("d_model", 8),
        "model.encoder.conv1.weight has the shape [4, 80, 3]; by config.json it should be [8, 80",
    );
    check(asks("num_mel_bins", 128), "has the shape [4, 80, 3]; by config.json it should be [4, 128, 3]");
    check(asks("vocab_size", 51_866), "model.decoder.embed_tokens.weight has the shape [51865, 4]");
    check(asks("max_source_positions", 1500), "model.encoder.embed_positions.weight has the shape [10, 4]");
    check(
        asks("encoder_layers", 3),
        "it has no tensor model.encoder.layers.2.self_attn.q_proj.weight, which a Whisper",
    );
    check(asks("decoder_layers", 1_000_000), "it has no tensor model.decoder.layers.2.");
    check(asks("decoder_layers", 1), "its tensor \"model.decoder.layers.1.encoder_attn.k_proj.weight\" is none that a");
    check(asks("num_mel_bins", 96), "it hears 96 mel bands");
    check(asks("vocab_size", 51_864), "English-only");
    check(asks("vocab_size", 51_900), "its vocabulary of 51900 was extended");
    check(asks("encoder_attention_heads", 3), "its state of 4 cannot be shared out to 3 heads");
    check(ours().configured("d_model", json!("4")), "it is no configuration of a Whisper");

    // Tensors.
    check(ours().without("model.encoder.layers.1.fc1.bias"), "it has no tensor model.encoder.layers.1.fc1.bias");
    check(ours().without("model.encoder.conv1.weight"), "it has no tensor model.encoder.conv1.weight");
    check(
        ours().with("model.encoder.adapter.weight", &[1], 0.0),
        "its tensor \"model.encoder.adapter.weight\" is none",
    );
    let mut untied = ours();
    let mut numbers = untied.tensors[0].2.clone();
    *numbers.last_mut().expect("some") += 0.5;
    untied.tensors.push(("proj_out.weight".into(), vec![VOCABULARY, STATE], numbers));
    check(untied, "its output layer differs from its embedding, which whisper.cpp cannot hold");
    check(ours().with("proj_out.weight", &[STATE], 0.0), "its output layer differs from its embedding");
    check(ours().with("model.encoder.layers.0.self_attn.k_proj.bias", &[STATE], 0.5), "has a bias for its keys");
    check(ours().stored_as(Dtype::F64), "model.encoder.conv1.weight is stored as F64; F32, F16 and BF16 are read");
    let large = ours().stored_as(Dtype::F32).with("model.encoder.conv2.weight", &[STATE, STATE, 3], 1e6);
    check(large, "model.encoder.conv2.weight holds a number too large for half precision");
    let unmerged = ours().with("model.encoder.layers.0.self_attn.q_proj.lora_A.default.weight", &[1, STATE], 0.0);
    check(unmerged, "is a LoRA adapter's; merge it into the model");
    check(ours().renamed(|name| format!("base_model.model.{name}")), "is a LoRA adapter's; merge it into the model");

    // Files.
    let mut bare = ours();
    bare.others.remove("tokenizer.json");
    check(bare, "there is no tokenizer.json beside the model");
    let mut bare = ours();
    bare.others.remove("config.json");
    check(bare, "there is no config.json beside it");
    check(ours().configured("model_type", json!("wav2vec2")), "it is a model of type \"wav2vec2\"; understood are");

    let hall = Hall::new();
    let change = |path: &str, change: fn(Vec<u8>) -> Vec<u8>| {
        ours().in_shards(2).write(&hall.path("c"));
        let bytes = fs::read(hall.path(path)).expect("there");
        hall.write(path, &change(bytes));
    };
    let (shard, index) = ("c/model-00002-of-00002.safetensors", "c/model.safetensors.index.json");
    change(shard, |bytes| bytes[..bytes.len() - 1].to_vec());
    check_folder(
        &hall.path("c"),
        "model-00002-of-00002.safetensors cannot be imported: it is cut short: it ends within",
    );
    change(shard, |_| b"version https://git-lfs.github.com/spec/v1\noid sha256:...\n".to_vec());
    check_folder(&hall.path("c"), "`git lfs pull`");
    change(index, |_| br#"{"weight_map": {"a": "../checkpoint/model.safetensors"}}"#.to_vec());
    check_folder(&hall.path("c"), "which is no name of a file");
    change(index, |_| br#"{"weight_map": {"a": ""}}"#.to_vec());
    check_folder(&hall.path("c"), "which is no name of a file");
    change(index, |_| br#"{"weights": {}}"#.to_vec());
    check_folder(&hall.path("c"), "it is no index of shards");
    change(index, |_| br#"{"weight_map": {}}"#.to_vec());
    check_folder(&hall.path("c"), "it has no tensor model.encoder.conv1.weight");
    let first = fs::read(hall.path("c/model-00001-of-00002.safetensors")).expect("there");
    ours().in_shards(2).write(&hall.path("c"));
    hall.write(shard, &first);
    check_folder(&hall.path("c"), "another shard has its tensor");
    ours().in_shards(2).write(&hall.path("c"));
    fs::remove_file(hall.path(shard)).expect("there");
    check_folder(&hall.path("c"), "its shard model-00002-of-00002.safetensors is not beside it; fetch it too");
    fs::remove_file(hall.path(index)).expect("there");
    hall.write(shard, b"");
    check_folder(&hall.path("c"), "several .safetensors files and no model.safetensors.index.json");
}
