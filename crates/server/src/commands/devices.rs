use dostyq_capture::{CaptureError, DeviceInfo};

use crate::say;

/// `dostyq devices`.
pub(super) fn run() -> anyhow::Result<()> {
    let devices = dostyq_capture::devices()?;
    if devices.is_empty() {
        return Err(CaptureError::NoInput.into());
    }
    for device in devices {
        say(&line(&device));
    }
    Ok(())
}

/// The name as it stands in a configuration first, then what a person wants to know of it.
fn line(device: &DeviceInfo) -> String {
    let mark = if device.is_default { " (default)" } else { "" };
    let state = device.trouble.clone().unwrap_or_else(|| {
        let rates: Vec<_> = device.rates.iter().map(u32::to_string).collect();
        format!("{} channel(s) at {} Hz", device.channels, rates.join(", "))
    });
    format!("{}{mark}\n    {}, {}: {state}", device.name, device.description, device.host)
}
