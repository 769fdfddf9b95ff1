use super::*;
use crate::store::Presence;
use crate::testing::{Hall, manifest, names, pinned_file, unheard};
use checkpoint::{Checkpoint as Fixture, HEADS, LAYERS, STATE, VOCABULARY};
use ggml_reader::{Ggml, Tensor};

mod checkpoint;
mod ggml_reader;
mod hugging_face;
mod safetensors;

fn converted(fixture: &Fixture) -> Ggml {
    let hall = Hall::new();
    fixture.write(&hall.path("checkpoint"));
    let out = hall.path("out/ggml.bin");
    convert_whisper(&hall.path("checkpoint"), &out, &mut unheard).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(names(&hall.path("out")), ["ggml.bin"]);
    Ggml::read(&fs::read(&out).expect("there"))
}

#[test]
fn a_checkpoint_becomes_a_ggml_file() {
    let fixture = Fixture::half();
    let ggml = converted(&fixture);
    assert_eq!(ggml.shape, [VOCABULARY, 10, STATE, HEADS, LAYERS, 6, STATE, HEADS, LAYERS, 80, 1]);
    assert_eq!((ggml.mel_rows, ggml.mel_columns), (80, 201));
    assert_eq!(ggml.tokens, ["a".as_bytes(), " б".as_bytes(), b""]);
    assert_eq!(ggml.tensors.len() as u32, 15 * LAYERS + 24 * LAYERS + 11);

    let stored = |variable: &str, tensor: &str| {
        let found = &ggml.tensors[tensor];
        let (dims, numbers) = fixture.numbers(variable);
        assert_eq!(found.numbers, numbers, "{tensor}");
        let reversed: Vec<u32> = dims.iter().rev().copied().collect();
        assert_eq!(found.dims, reversed, "{tensor}");
        found.is_half
    };
    assert!(stored("encoder/conv2/weight", "encoder.conv2.weight"));
    assert!(stored("decoder/embeddings/weight", "decoder.token_embedding.weight"));
    assert!(stored("encoder/layer_1/ffn/linear_1/weight", "encoder.blocks.1.mlp.2.weight"));
    assert!(stored("decoder/layer_0/attention/linear_2/weight", "decoder.blocks.0.cross_attn.out.weight"));
    assert!(!stored("encoder/position_encodings/encodings", "encoder.positional_embedding"));
    assert!(!stored("decoder/layer_0/attention/layer_norm/gamma", "decoder.blocks.0.cross_attn_ln.weight"));
    assert!(!stored("encoder/layer_norm/beta", "encoder.ln_post.bias"));

    // A bias of a convolution is a column.
    let bias = &ggml.tensors["encoder.conv1.bias"];
    assert_eq!((bias.dims.as_slice(), bias.is_half), (&[1, STATE][..], false));
}

#[test]
fn query_key_and_value_are_taken_apart() {
    let fixture = Fixture::half();
    let ggml = converted(&fixture);
    let row = STATE as usize;
    let check = |variable: &str, tensors: &[&str]| {
        let (_, weight) = fixture.numbers(&format!("{variable}/weight"));
        let (_, bias) = fixture.numbers(&format!("{variable}/bias"));
        for (at, tensor) in tensors.iter().enumerate() {
            let Tensor { dims, numbers, is_half } = &ggml.tensors[&format!("{tensor}.weight")];
            assert_eq!((dims.as_slice(), *is_half), (&[STATE, STATE][..], true), "{tensor}");
            assert_eq!(*numbers, weight[at * row * row..][..row * row], "{tensor}");
            match ggml.tensors.get(&format!("{tensor}.bias")) {
                Some(found) => assert_eq!(found.numbers, bias[at * row..][..row], "{tensor}"),
                None => assert!(tensor.ends_with("key"), "{tensor} alone may lack a bias"),
            }
        }
    };
    check(
        "encoder/layer_0/self_attention/linear_0",
        &["encoder.blocks.0.attn.query", "encoder.blocks.0.attn.key", "encoder.blocks.0.attn.value"],
    );
    check("decoder/layer_1/attention/linear_0", &["decoder.blocks.1.cross_attn.query"]);
    check(
        "decoder/layer_1/attention/linear_1",
        &["decoder.blocks.1.cross_attn.key", "decoder.blocks.1.cross_attn.value"],
    );
}

#[test]
fn other_number_types_give_the_same_model_within_their_precision() {
    let half = converted(&Fixture::half());
    let single = converted(&Fixture::single());
    assert!(half == single, "the numbers of the fixture are exact in half precision");
    for (fixture, tolerance) in [(Fixture::brain(), 1.0 / 256.0), (Fixture::quantised(), 0.5 / 127.0)] {
        let other = converted(&fixture);
        assert_eq!(other.tensors.len(), half.tensors.len());
        for (name, tensor) in &other.tensors {
            let exact = &half.tensors[name];
            assert_eq!((&tensor.dims, tensor.is_half), (&exact.dims, exact.is_half), "{name}");
            // The numbers lie between -1 and 1; half precision adds its own rounding.
            let furthest = tensor.numbers.iter().zip(&exact.numbers).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(furthest <= tolerance + 0.0005, "{name}: {furthest}");
        }
    }
}

#[test]
fn what_cannot_be_converted_is_named() {
    let check = |fixture: Fixture, expect: &str| {
        let hall = Hall::new();
        fixture.write(&hall.path("checkpoint"));
        let error = convert_whisper(&hall.path("checkpoint"), &hall.path("out/ggml.bin"), &mut unheard);
        let error = error.expect_err(expect).to_string();
        assert!(error.contains("cannot be imported: ") && error.contains(expect), "{error}");
        assert!(names(&hall.path("out")).is_empty(), "nothing half-made stays");
    };
    let without = |name: &str| Fixture::half().without(name);
    check(without("encoder/conv1/weight"), "it has no variable encoder/conv1/weight");
    check(without("decoder/num_heads"), "it has no variable decoder/num_heads");
    check(without("encoder/layer_1/ffn/linear_0/bias"), "it yields 88 tensors where Whisper has 89");
    check(Fixture::half().with("encoder/adapter/weight", &[2, 2]), "its variable encoder/adapter/weight is not one");
    check(Fixture::half().with("decoder/projection/weight", &[VOCABULARY, STATE]), "its output layer differs");
    check(Fixture::half().with("encoder/conv1/weight", &[STATE, 80]), "has the shape [4, 80]");
    check(Fixture::half().with("decoder/embeddings/weight", &[51_864, STATE]), "English-only");
    check(Fixture::half().with("decoder/embeddings/weight", &[51_867, STATE]), "its vocabulary of 51867 was extended");
    check(Fixture::half().with("encoder/conv1/weight", &[STATE, 40, 3]), "it hears 40 mel bands");
    check(
        Fixture::half().with("decoder/position_encodings/encodings", &[6, 8]),
        "a state of 4 and its decoder one of 8",
    );
    let uneven = Fixture::half().with("encoder/layer_0/self_attention/linear_0/bias", &[3 * STATE + 1]);
    check(uneven, "which do not make 3 parts");
    let biased = Fixture::half().with("decoder/layer_0/attention/linear_1/bias", &[2 * STATE]);
    check(biased, "has a bias for its keys");
    check(Fixture::single().filled("encoder/conv2/weight", 1e6), "holds a number too large for half precision");
    check(Fixture::quantised().without("encoder/conv2/weight_scale"), "it has no variable encoder/conv2/weight_scale");
    check(Fixture::quantised().with("encoder/conv2/weight_scale", &[3]), "has 4 rows but 3 scales");
    check(Fixture::int16(), "is stored as I16; convert it with --quantization float16");
    check(Fixture::half().of_kind("TransformerSpec"), "a CTranslate2 model of kind TransformerSpec");
    check(Fixture::half().of_version(5), "its CTranslate2 binary version is 5; 6 is read");
    check(Fixture::half().cut_to(200_000), "it is cut short: it ends within decoder/embeddings/weight");
    check(Fixture::half().cut_to(30), "its index is damaged or cut short");
    check(Fixture::half().without_tokenizer(), "there is no tokenizer.json beside the model");
}

#[test]
fn what_is_not_understood_is_told_by_what_it_is() {
    let hall = Hall::new();
    let check = |path: &str, expect: &str| {
        let store = hall.store(&manifest("tiny", "{ kind = \"bundled\" }", &pinned_file("a", b"")));
        let error = store.import(&hall.path(path), Some("mine"), None, &mut unheard).expect_err(expect).to_string();
        assert!(error.contains(expect), "{error}");
        assert!(hall.in_cache().is_empty());
    };
    hall.write("weights.pt", b"PK\x03\x04...");
    hall.write("torch/pytorch_model.bin", b"PK\x03\x04...");
    hall.write("torch/config.json", br#"{"model_type": "whisper"}"#);
    hall.write("hf/model.safetensors", b"...");
    hall.write("llama/model.safetensors", b"...");
    hall.write("llama/config.json", br#"{"model_type": "llama"}"#);
    hall.write("lora/adapter_model.safetensors", b"...");
    hall.write("lora/adapter_config.json", b"{}");
    hall.write("a.gguf", b"GGUF...");
    hall.write("photo.jpg", b"\xff\xd8\xff\xe0");
    hall.write("empty.bin", b"");
    hall.write("notes/readme.txt", b"...");
    hall.write("half/onnx/encoder_model.onnx", b"...");
    hall.write("half/tokenizer.json", b"{}");
    fs::create_dir(hall.path("nothing")).expect("a folder");
    check("weights.pt", "weights in PyTorch's own format, which can hold programs: save them as safetensors first");
    check("torch", "weights in PyTorch's own format");
    check("hf", "there is no config.json beside it that gives a model_type");
    check("hf/model.safetensors", "there is no config.json beside it that gives a model_type");
    check("llama", "by its config.json it is a model of type \"llama\"; understood are");
    check("lora", "it is a LoRA adapter; merge it into the model that it adapts first");
    check("lora/adapter_model.safetensors", "it is a LoRA adapter; merge it into the model that it adapts first");
    check("a.gguf", "a GGUF file");
    check("photo.jpg", "it begins with the bytes ff d8 ff e0, which is no known model");
    check("empty.bin", "it is empty");
    check("notes", "it holds readme.txt; understood are");
    check("half", "it holds tokenizer.json; understood are");
    check("nothing", "it holds no files; understood are");
    check("not-there", "not-there: No such file");
}

#[test]
fn an_imported_model_is_kept_like_a_pulled_one() {
    let hall = Hall::new();
    let store = hall.store(&manifest("tiny", "{ kind = \"bundled\" }", &pinned_file("a", b"")));
    Fixture::half().write(&hall.path("My Kazakh Whisper"));
    let from = hall.path("My Kazakh Whisper");
    let imported = store.import(&from.join("model.bin"), None, None, &mut unheard).expect("sound");
    assert_eq!(imported.name, "my-kazakh-whisper");
    assert_eq!(names(&imported.folder), [RECORD, "ggml-f16.bin"]);
    assert_eq!(store.locate("my-kazakh-whisper").expect("kept"), imported);
    let listing = store.list().pop().expect("the imported one comes last");
    assert_eq!((listing.model.name.as_str(), listing.presence), ("my-kazakh-whisper", Presence::Here));

    fs::write(imported.main_file(), b"lmgg").expect("ours");
    let error = store.locate("my-kazakh-whisper").expect_err("changed").to_string();
    assert!(error.ends_with("import it again: dostyq models import PATH --name my-kazakh-whisper"), "{error}");
    assert_eq!(store.import(&from, None, None, &mut unheard).expect("again"), imported);
}

#[test]
fn ggml_files_and_onnx_folders_are_copied() {
    let hall = Hall::new();
    let steps = "{ kind = \"by-hand\", page = \"https://example.org\", steps = \"export it\" }";
    let store = hall.store(&manifest("kazrush", steps, ""));
    let ggml = hall.write("ggml-kz.bin", b"lmgg and so on");
    let imported = store.import(&ggml, Some("kz"), None, &mut unheard).expect("sound");
    assert_eq!(fs::read(imported.main_file()).expect("there"), b"lmgg and so on");

    for file in
        ["onnx/decoder_model.onnx", "onnx/encoder_model.onnx", "onnx/notes.txt", "config.json", "tokenizer.json"]
    {
        hall.write(&format!("kazRush/{file}"), file.as_bytes());
    }
    // The manifest told how to make this one, so its name is free and its entry comes alive.
    assert!(matches!(store.locate("kazrush"), Err(Error::ByHand { .. })));
    let imported = store.import(&hall.path("kazRush"), None, None, &mut unheard).expect("sound");
    let expect = ["onnx/encoder_model.onnx", "onnx/decoder_model.onnx", "config.json", "tokenizer.json"];
    assert_eq!(imported.files, expect.map(|file| hall.path("cache/kazrush").join(file)));
    assert_eq!(store.locate("kazrush").expect("kept"), imported);
    assert_eq!(store.list()[0].presence, Presence::Here);
    assert_eq!(store.list()[0].model.licence, "MIT", "as the manifest says");
}

#[test]
fn names_are_checked_before_anything_is_done() {
    let hall = Hall::new();
    let store = hall.store(&manifest("tiny", "{ kind = \"bundled\" }", &pinned_file("a", b"")));
    let ggml = hall.write("ggml.bin", b"lmgg");
    for name in ["../up", "Қазақ", "", ".hidden"] {
        assert!(matches!(store.import(&ggml, Some(name), None, &mut unheard), Err(Error::UnfitName(_))), "{name}");
    }
    let error = store.import(&ggml, Some("tiny"), None, &mut unheard).expect_err("taken").to_string();
    assert!(error.ends_with("give the imported model another name with --name"), "{error}");
    assert!(hall.in_cache().is_empty());
}
