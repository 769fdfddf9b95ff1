use std::ffi::CStr;

use whisper_rs::whisper_rs_sys as sys;

/// The accelerators that the program was built for and that this machine has, by name, in whisper.cpp's order.
///
/// whisper.cpp goes on with the processor, in silence, when the accelerator it was asked for is missing; asked here
/// first, a missing one is an error.
#[allow(unsafe_code)]
pub(super) fn accelerators() -> Vec<String> {
    // SAFETY: the registry of devices is filled at its first use and never changes; every index below the count is
    // valid, and so is the static name of each device.
    unsafe {
        (0..sys::ggml_backend_dev_count())
            .map(|index| sys::ggml_backend_dev_get(index))
            .filter(|device| {
                matches!(
                    sys::ggml_backend_dev_type(*device),
                    sys::ggml_backend_dev_type_GGML_BACKEND_DEVICE_TYPE_GPU
                        | sys::ggml_backend_dev_type_GGML_BACKEND_DEVICE_TYPE_IGPU
                )
            })
            .map(|device| CStr::from_ptr(sys::ggml_backend_dev_name(device)).to_string_lossy().into_owned())
            .collect()
    }
}

/// Checks that accelerator number `wanted` is there; the error is a reason with a remedy.
pub(super) fn check(wanted: i32, present: &[String]) -> Result<(), String> {
    if usize::try_from(wanted).is_ok_and(|wanted| wanted < present.len()) {
        return Ok(());
    }
    if !cfg!(any(feature = "cuda", feature = "vulkan", feature = "metal")) {
        return Err("this program was built for the processor alone; set models.gpu to false, \
            or build it with --features cuda, vulkan or metal"
            .into());
    }
    if present.is_empty() {
        return Err("no accelerator was found; check its driver, or set models.gpu to false".into());
    }
    Err(format!("there is no accelerator {wanted}; set models.gpu_device to one of these: {}", numbered(present)))
}

fn numbered(names: &[String]) -> String {
    names.iter().enumerate().map(|(i, name)| format!("{i} ({name})")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_accelerator_is_an_error_with_a_remedy() {
        let two = ["CUDA0".to_owned(), "CUDA1".to_owned()];
        assert_eq!(check(1, &two), Ok(()));
        for (wanted, present) in [(0, &two[..0]), (2, &two[..]), (-1, &two[..])] {
            let reason = check(wanted, present).expect_err("it is missing");
            assert!(reason.contains("models.gpu"), "{reason}");
        }
        assert_eq!(numbered(&two), "0 (CUDA0), 1 (CUDA1)");
    }
}
