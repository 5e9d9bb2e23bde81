//! The camera of this machine, where none is configured.

use crate::config::{Inputs, Loaded, Origin, load};

/// With nothing configured, the first local camera that can be used takes the place of the demo. Says which of the two
/// it is; a configuration that names a camera is left alone.
pub(crate) fn or_demo(loaded: Loaded, inputs: &mut Inputs) -> Loaded {
    let is_configured = loaded.values.cameras.iter().any(|camera| camera.origin != Origin::Default);
    if is_configured {
        return loaded;
    }
    let Some(found) = capture::first_camera() else {
        tracing::info!("no camera is configured and none is free at this machine: showing the demo scene");
        return loaded;
    };
    // Kept for when the configuration is read again: by then this process uses the camera.
    inputs.local = Some((found.device.clone(), found.card.clone()));
    match load(inputs.clone()) {
        Ok(with_camera) => {
            let device = found.device.display();
            tracing::info!(%device, card = found.card, "no camera is configured: using the one of this machine");
            with_camera
        }
        Err(_) => loaded,
    }
}
