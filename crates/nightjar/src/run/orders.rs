//! What a capture thread is told: which source, how its pictures should be, how they are shaped.

use capture::{CameraSource, Pace, Shaping, SourceKind, Transport, Want};

use super::hold::Reaches;
use crate::config::{self, Source};

/// What is asked of one capture thread.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Orders {
    source: Source,
    /// Size and rate.
    pub(crate) want: Want,
    /// Rotation and masks.
    pub(crate) shaping: Shaping,
}

impl Orders {
    /// As the configuration says.
    pub(crate) fn of(camera: &config::Camera) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "1 to 120")]
        let frame_rate = camera.frame_rate as f32;
        Self {
            source: camera.source.clone(),
            want: Want { size: camera.size, frame_rate },
            shaping: camera.shaping.clone(),
        }
    }

    /// The configuration's word for the source.
    pub(crate) fn kind(&self) -> &'static str {
        self.kind_of_source().name()
    }

    /// Whether both name the same source, so that a thread can go from the one to the other as it is.
    pub(crate) fn is_same_source(&self, other: &Self) -> bool {
        let is_same = self.source == other.source;
        // A child process was told size and rate when it was started.
        is_same && (!self.runs_a_child() || self.want == other.want)
    }

    /// What is to be in force when `asked` is, as far as the change reaches. Masks hold at once, whatever the source is.
    pub(crate) fn towards(&self, asked: &Self, reaches: Reaches) -> Self {
        match reaches {
            Reaches::Everything => asked.clone(),
            Reaches::Running if self.runs_a_child() => {
                let shaping = Shaping { masks: asked.shaping.masks.clone(), ..self.shaping.clone() };
                Self { shaping, ..self.clone() }
            }
            Reaches::Running => Self { source: self.source.clone(), ..asked.clone() },
        }
    }

    /// `rtsp`, `file` and `command` live in a child process, which nothing that comes over HTTP starts or ends.
    pub(crate) fn runs_a_child(&self) -> bool {
        matches!(self.source, Source::Rtsp { .. } | Source::File { .. } | Source::Command { .. })
    }

    /// As `capture` takes it.
    pub(crate) fn source_of(&self, id: &str) -> CameraSource {
        CameraSource {
            id: id.to_owned(),
            kind: self.kind_of_source(),
            want: self.want,
            shaping: self.shaping.clone(),
        }
    }

    fn kind_of_source(&self) -> SourceKind {
        match &self.source {
            Source::Demo { scene, seed } => SourceKind::Demo { scene: scene.clone(), seed: *seed },
            Source::Http { url, login } => SourceKind::Http {
                url: url.clone(),
                user: login.as_ref().map(|(user, _)| user.clone()),
                password: login.as_ref().map(|(_, password)| password.expose().to_owned()),
            },
            Source::Rtsp { url, udp, login } => SourceKind::Rtsp {
                url: url.clone(),
                transport: if *udp { Transport::Udp } else { Transport::Tcp },
                user: login.as_ref().map(|(user, _)| user.clone()),
                password: login.as_ref().map(|(_, password)| password.expose().to_owned()),
            },
            Source::Command { run, restart } => SourceKind::Command { run: run.clone(), restart: *restart },
            Source::V4l2 { device, format, controls } => SourceKind::V4l2 {
                device: device.clone(),
                format: format.clone(),
                controls: controls.clone(),
            },
            Source::File { path, fast, looped } => SourceKind::File {
                path: path.clone(),
                pace: if *fast { Pace::Fast } else { Pace::RealTime },
                looped: *looped,
            },
        }
    }
}
