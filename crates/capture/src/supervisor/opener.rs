//! From what a camera is configured to be to what opens it.

use std::sync::Arc;

use super::Tuning;
use crate::command::Command;
use crate::demo::Demo;
use crate::ffmpeg::Tools;
use crate::file::{File, Look};
use crate::halt::Halt;
use crate::http::Http;
use crate::rtsp::Rtsp;
use crate::source::Opener;
use crate::v4l2::V4l2;
use crate::{CameraSource, SourceKind};

/// What opens this source, as often as needed.
pub(super) fn opener(source: CameraSource, halt: &Arc<Halt>, tuning: Tuning) -> Box<dyn Opener> {
    let (want, halt) = (source.want, halt.clone());
    match source.kind {
        SourceKind::Demo { scene, seed } => Box::new(Demo { scene, seed, want, halt }),
        SourceKind::Http { url, user, password } => {
            Box::new(Http { url, user, password, want, tuning, halt })
        }
        SourceKind::Rtsp { url, transport, user, password } => Box::new(Rtsp {
            url,
            transport,
            user,
            password,
            frame_rate: want.frame_rate,
            tools: Tools::default(),
            first: tuning.answer,
            halt,
        }),
        SourceKind::Command { run, restart } => {
            Box::new(Command { run, restart, first: tuning.answer, halt })
        }
        SourceKind::File { path, pace, looped } => Box::new(File {
            path,
            pace,
            looped,
            tools: Tools::default(),
            first: tuning.answer,
            look: Look::default(),
            halt,
        }),
        SourceKind::V4l2 { device, format, controls } => {
            Box::new(V4l2::new(device, format, controls, want, halt))
        }
    }
}
