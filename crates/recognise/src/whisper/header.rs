use std::fs::File;
use std::io::Read;
use std::path::Path;

/// "ggml", as a number in little-endian order.
const MAGIC: u32 = 0x6767_6d6c;
/// Magic and eleven numbers, the last of which is the type of the matrices.
const LENGTH: usize = 48;

/// Refuses what would make whisper.cpp end the whole program instead of returning an error; the reason comes with a
/// remedy.
pub(super) fn check(path: &Path) -> Result<(), String> {
    let mut header = [0; LENGTH];
    File::open(path).and_then(|mut file| file.read_exact(&mut header)).map_err(|error| error.to_string())?;
    let number = |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    if number(0) != MAGIC {
        return Err("it is no ggml file of whisper.cpp; take one in with: dostyq models import".into());
    }
    if number(LENGTH - 4) == 0 {
        return Err("its matrices are in single precision, with which whisper.cpp stops at the first sound; \
            import it in half precision or with --quantise q8_0"
            .into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn check_bytes(bytes: &[u8]) -> Result<(), String> {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(bytes).expect("written");
        check(file.path())
    }

    #[test]
    fn only_a_model_that_can_run_passes() {
        let model = |kind: u8| [&MAGIC.to_le_bytes()[..], &[0; 40], &[kind, 0, 0, 0]].concat();
        assert_eq!(check_bytes(&model(1)), Ok(()));
        assert!(check_bytes(&model(0)).expect_err("f32").contains("single precision"));
        assert!(check_bytes(b"RIFF").expect_err("too short").contains("fill"));
        assert!(check_bytes(&[7; 64]).expect_err("no magic").contains("no ggml file"));
    }
}
