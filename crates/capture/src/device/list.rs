use cpal::SupportedStreamConfigRange;
use cpal::traits::{DeviceTrait, HostTrait};

use crate::CaptureError;

/// Rates that are named in a list of devices, in Hz; what a device offers between them is left out.
const LISTED_RATES: [u32; 10] = [8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 88_200, 96_000, 192_000];

/// A plugin of ALSA that gives silence for ever and is there on every machine: no input to offer anybody.
const ALSA_NULL: &str = "null";

/// An input that can be listened to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceInfo {
    /// What to write in the configuration: the audio system's own name, the same after a restart.
    pub name: String,
    /// What a person calls it.
    pub description: String,
    /// The audio system, such as ALSA.
    pub host: String,
    /// Whether it is listened to when no name is given.
    pub is_default: bool,
    /// The largest number of channels that can be asked for; 0 if that is not known now.
    pub channels: u16,
    /// The usual sample rates that it has, in Hz, ascending.
    pub rates: Vec<u32>,
    /// Why it cannot be opened now, such as another program using it.
    pub trouble: Option<String>,
}

/// The inputs of this machine; those that cannot be used at all are left out. Empty if there are none.
///
/// Opens each input for a moment. ALSA's library itself writes to the standard error about those it cannot open.
///
/// # Errors
/// [`CaptureError::NoAudioSystem`].
pub fn devices() -> Result<Vec<DeviceInfo>, CaptureError> {
    let host = cpal::default_host();
    let default = host.default_input_device().and_then(|device| device.id().ok());
    let inputs = host.input_devices().map_err(|error| CaptureError::NoAudioSystem { reason: error.to_string() })?;
    let describe = |device: cpal::Device| {
        let id = device.id().ok()?;
        let (channels, rates, trouble) = match device.supported_input_configs() {
            Ok(configs) => {
                let configs: Vec<_> = configs.collect();
                (configs.iter().map(|config| config.channels()).max()?, listed_rates(&configs), None)
            }
            Err(error) if is_passing(error.kind()) => (0, Vec::new(), Some(error.to_string())),
            Err(_) => return None,
        };
        Some(DeviceInfo {
            name: id.id().to_owned(),
            description: device.to_string(),
            host: host.id().to_string(),
            is_default: default.as_ref() == Some(&id),
            channels,
            rates,
            trouble,
        })
    };
    Ok(inputs.filter_map(describe).filter(|device| device.name != ALSA_NULL).collect())
}

/// Whether the device may be usable at another time.
fn is_passing(kind: cpal::ErrorKind) -> bool {
    matches!(kind, cpal::ErrorKind::DeviceBusy | cpal::ErrorKind::PermissionDenied)
}

fn listed_rates(configs: &[SupportedStreamConfigRange]) -> Vec<u32> {
    let has = |rate: &u32| configs.iter().any(|c| (c.min_sample_rate()..=c.max_sample_rate()).contains(rate));
    LISTED_RATES.into_iter().filter(has).collect()
}

/// The device with this name: its own name, its description, or a part of either that only one has.
pub(super) fn find(host: &cpal::Host, wanted: &str) -> Result<cpal::Device, CaptureError> {
    // ALSA knows its devices by several spellings, such as hw:0,0.
    if let Some(device) = host.device_by_id(&cpal::DeviceId::new(host.id(), wanted)) {
        return Ok(device);
    }
    let inputs = host.input_devices().map_err(|error| CaptureError::NoAudioSystem { reason: error.to_string() })?;
    let named = |device: cpal::Device| Some((device.id().ok()?.id().to_owned(), device.to_string(), device));
    let mut inputs: Vec<_> = inputs.filter_map(named).collect();
    let names: Vec<_> = inputs.iter().map(|(name, description, _)| (name.as_str(), description.as_str())).collect();
    let index = pick(&names, wanted)?;
    Ok(inputs.swap_remove(index).2)
}

/// Which of the (name, description) pairs is meant.
fn pick(devices: &[(&str, &str)], wanted: &str) -> Result<usize, CaptureError> {
    let matching = |test: &dyn Fn(&str) -> bool| -> Vec<usize> {
        let fits = |&index: &usize| test(devices[index].0) || test(devices[index].1);
        (0..devices.len()).filter(fits).collect()
    };
    let small = wanted.to_lowercase();
    let mut found = matching(&|text| text == wanted);
    if found.is_empty() && !small.trim().is_empty() {
        found = matching(&|text| text.to_lowercase().contains(&small));
    }
    match found[..] {
        [] => Err(CaptureError::NoSuchDevice { name: wanted.to_owned() }),
        [index] => Ok(index),
        _ => {
            let candidates = found.iter().map(|&index| devices[index].0).collect::<Vec<_>>().join(", ");
            Err(CaptureError::AmbiguousDevice { name: wanted.to_owned(), candidates })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_found_by_its_name_or_a_part_that_only_it_has() {
        let devices = [
            ("pulse", "PulseAudio Sound Server"),
            ("hw:CARD=X32,DEV=0", "X-USB, USB Audio"),
            ("plughw:CARD=X32,DEV=0", "X-USB, USB Audio"),
            ("hw:CARD=PCH,DEV=0", "HDA Intel PCH, ALC257 Analog"),
        ];
        let check = |wanted: &str, expect: Result<usize, &str>| {
            assert_eq!(pick(&devices, wanted).map_err(|error| error.to_string()), expect.map_err(str::to_owned));
        };
        check("pulse", Ok(0));
        check("PulseAudio Sound Server", Ok(0));
        check("alc257", Ok(3));
        check("plughw", Ok(2));
        check(
            "USB",
            Err(
                "\"USB\" names several inputs (hw:CARD=X32,DEV=0, plughw:CARD=X32,DEV=0): write one of these names in full",
            ),
        );
        check("desk", Err("no input named \"desk\": `dostyq devices` lists them"));
        check("", Err("no input named \"\": `dostyq devices` lists them"));
    }
}
