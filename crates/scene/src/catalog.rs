//! The scenarios by name: what each shows, how long its loop is, and what an unknown name is answered.

use std::time::Duration;

/// What a scenario shows, for lists and for tests that walk all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SceneInfo {
    /// The name to ask for.
    pub name: &'static str,
    /// One line about it.
    pub about: &'static str,
    /// Whether an animal, a person or a vehicle ever shows; `false` means that every alarm is a false one.
    pub has_objects: bool,
    /// One loop; after it the scene repeats (its noise does not).
    pub duration: Duration,
}

/// There is no scenario of that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no scene is called \"{name}\"; there are {}; did you mean \"{nearest}\"?", allowed())]
pub struct UnknownScene {
    /// What was asked for.
    pub name: String,
    /// The known name that looks most like it.
    pub nearest: &'static str,
}

const fn info(name: &'static str, seconds: u64, has_objects: bool, about: &'static str) -> SceneInfo {
    SceneInfo { name, about, has_objects, duration: Duration::from_secs(seconds) }
}

/// Every scenario, the default first.
pub(crate) const ALL: &[SceneInfo] = &[
    info("calm", 120, true, "a quiet day with visitors: light that drifts from day to dusk and back"),
    info("static", 30, false, "nothing moves; only the sensor breathes"),
    info("noise", 30, false, "nothing moves, under strong sensor noise"),
    info("ramp", 30, false, "the light falls and rises steadily over the whole picture"),
    info("lamp", 30, false, "a lamp by the fence goes on and off"),
    info("clouds", 40, false, "soft shadows of clouds drift across"),
    info("exposure", 30, false, "automatic exposure jumps, hunts and settles"),
    info("wind", 30, false, "gusts sway hedges, bushes and the crown of the tree"),
    info("rain", 30, false, "streaks of rain, near and far"),
    info("snow", 30, false, "flakes of snow, near and far"),
    info("night", 40, true, "infrared gray and noisy; a fox passes once"),
    info("shake", 30, false, "wind rocks the camera by up to one percent of the picture's width"),
    info("flicker", 30, false, "mains light beats against the shutter in rolling bands"),
    info("insects", 30, false, "specks dart past close to the lens"),
    info("walker", 30, true, "a person walks across the lawn and back"),
    info("fox", 30, true, "a fox trots across the lawn and back"),
    info("car", 30, true, "a car passes on the lane behind the fence, then another the other way"),
    info("two", 30, true, "a person and a fox cross each other's way"),
    info("slow", 60, true, "an animal creeps over the lawn"),
    info("stop-and-go", 40, true, "a fox walks, stands, walks on"),
    info("far", 40, true, "somebody tiny passes far away"),
    info("edge", 30, true, "a fox shows at the edge of the picture, lingers, and leaves"),
];

/// The row of that name.
pub(crate) fn find(name: &str) -> Result<&'static SceneInfo, UnknownScene> {
    ALL.iter().find(|info| info.name == name).ok_or_else(|| {
        let close = |info: &&SceneInfo| (strsim::jaro_winkler(info.name, name) * 1e6) as u32;
        let nearest = ALL.iter().max_by_key(close).map_or("calm", |info| info.name);
        UnknownScene { name: name.to_owned(), nearest }
    })
}

fn allowed() -> String {
    ALL.iter().map(|info| info.name).collect::<Vec<_>>().join(", ")
}
