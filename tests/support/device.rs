//! A V4L2 camera for a machine without one: what `tests/device` plays to a program that is started with it.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use frame::{I420, Size};
use scene::Scene;
use tempfile::TempDir;

use crate::app::{Setup, build};
use crate::camera::numbered;

/// How it is called in `dev`, where cameras have it.
const LINK: &str = "v4l/by-id/usb-Test_camera_0001-video-index0";
const SEED: u64 = 7;

/// The library that plays the camera, built on first use.
#[must_use]
pub fn device_library() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    // All libraries are named, since cargo cannot be asked for one by its name; the others are there already.
    BUILT.get_or_init(|| build(&["--lib"]).join("libtest_device.so")).clone()
}

/// A camera. The formats of its files stand in `tests/device/src/description.rs` and `faults.rs`.
#[derive(Debug)]
pub struct Device {
    folder: TempDir,
    formats: u32,
    node: std::sync::Mutex<String>,
}

impl Device {
    /// A camera without a format; it needs at least one.
    #[must_use]
    pub fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let node = std::sync::Mutex::new("video0".to_owned());
        let device = Self { folder, formats: 0, node };
        std::fs::create_dir_all(device.link().parent().unwrap()).unwrap();
        device.describe("card Test camera\nbus usb-test-1\n");
        device.appear();
        device
    }

    /// One more format: these frames again and again, each as the camera hands it over. `rates` begins with the
    /// ordinary one; `more` may say `stride=N`.
    #[must_use]
    pub fn format(mut self, fourcc: &str, size: Size, rates: &str, frames: &[Vec<u8>], more: &str) -> Self {
        let name = format!("{}.frames", self.formats);
        self.formats += 1;
        let mut all = Vec::new();
        for frame in frames {
            all.extend_from_slice(&u32::try_from(frame.len()).unwrap().to_le_bytes());
            all.extend_from_slice(frame);
        }
        std::fs::write(self.at(&name), all).unwrap();
        self.describe(&format!("format {fourcc} {}x{} {rates} {name} {more}\n", size.width, size.height));
        self
    }

    /// A knob: `ID int|bool|menu MIN MAX STEP DEFAULT NAME`.
    #[must_use]
    pub fn control(self, line: &str) -> Self {
        self.describe(&format!("control {line}\n"));
        self
    }

    /// A camera that gives these pictures as MJPG at `fps` frames a second.
    #[must_use]
    pub fn mjpg(size: Size, fps: u32, pictures: &[Vec<u8>]) -> Self {
        Self::new().format("MJPG", size, &fps.to_string(), pictures, "")
    }

    /// The node as it is called now, like `/dev/video0`.
    #[must_use]
    pub fn node(&self) -> PathBuf {
        self.folder.path().join("dev").join(&*self.node.lock().unwrap())
    }

    /// The name that stays when the node gets another number.
    #[must_use]
    pub fn link(&self) -> PathBuf {
        self.folder.path().join("dev").join(LINK)
    }

    /// What a program that shall see this camera is started with.
    #[must_use]
    pub fn env(&self) -> [(&'static str, String); 2] {
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        [("LD_PRELOAD", text(&device_library())), ("TEST_DEVICE", text(self.folder.path()))]
    }

    /// The program with this one camera, called `garden`, and `more` lines about it.
    #[must_use]
    pub fn setup(&self, more: &str) -> Setup {
        self.setup_at(&self.node(), more)
    }

    /// The same with another name for the node.
    #[must_use]
    pub fn setup_at(&self, node: &Path, more: &str) -> Setup {
        let device = node.display();
        let camera =
            format!("[[camera]]\nid = \"garden\"\nsource = \"v4l2\"\ndevice = \"{device}\"\n{more}\n");
        self.env().iter().fold(Setup::config(&camera), |setup, (name, value)| setup.env(name, value))
    }

    /// From now on these faults, a line each, and no others.
    pub fn fault(&self, faults: &str) {
        // Whole or not at all: half a file would be a sound camera for a moment.
        std::fs::write(self.at("faults.part"), faults).unwrap();
        std::fs::rename(self.at("faults.part"), self.at("faults")).unwrap();
    }

    /// Nothing is wrong with it any more.
    pub fn mend(&self) {
        self.fault("");
    }

    /// Pulls the plug: what is open is dead, and the node is no more.
    pub fn unplug(&self) {
        self.fault("gone");
        std::fs::remove_file(self.link()).unwrap();
        std::fs::remove_file(self.node()).unwrap();
    }

    /// Puts the plug back in.
    pub fn plug_in(&self) {
        self.mend();
        self.appear();
    }

    /// Puts it back in as another node: `video1`.
    pub fn plug_in_as(&self, node: &str) {
        node.clone_into(&mut self.node.lock().unwrap());
        self.plug_in();
    }

    /// What was asked of it so far, each with the monotonic time.
    #[must_use]
    pub fn log(&self) -> Vec<(Duration, String)> {
        let text = std::fs::read_to_string(self.at("log")).unwrap_or_default();
        let line = |line: &str| {
            let (time, what) = line.split_once(' ')?;
            Some((Duration::from_nanos(time.parse().ok()?), what.to_owned()))
        };
        text.lines().filter_map(line).collect()
    }

    /// How often this was asked of it so far.
    #[must_use]
    pub fn asked(&self, what: &str) -> usize {
        self.log().iter().filter(|(_, said)| said == what).count()
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn describe(&self, line: &str) {
        let known = std::fs::read_to_string(self.at("device")).unwrap_or_default();
        std::fs::write(self.at("device"), known + line).unwrap();
    }

    fn appear(&self) {
        std::fs::write(self.node(), "").unwrap();
        let target = Path::new("../..").join(&*self.node.lock().unwrap());
        std::os::unix::fs::symlink(target, self.link()).unwrap();
    }
}

impl Default for Device {
    fn default() -> Self {
        Self::new()
    }
}

/// `count` pictures of the scene `name`, at `fps` frames a second from its second second on, as planes.
#[must_use]
pub fn planes(name: &str, size: Size, fps: u32, count: u32) -> Vec<I420> {
    let mut scene = Scene::named(name, size, SEED).unwrap();
    let at = |n| Duration::from_secs(1) + Duration::from_secs(1) * n / fps;
    let mut plane = |n| {
        let mut planes = Vec::new();
        scene.render(at(n), &mut planes);
        I420::new(size, planes.into()).expect("the scene fills its planes")
    };
    (0..count).map(&mut plane).collect()
}

/// The same as JPEGs, each with its number in it.
#[must_use]
pub fn pictures(name: &str, size: Size, fps: u32, count: u32) -> Vec<Vec<u8>> {
    let mut encoder = codec::Encoder::new(80).unwrap();
    let planes = planes(name, size, fps, count);
    planes.iter().zip(0..).map(|(p, n)| numbered(&encoder.i420(p).unwrap(), n)).collect()
}
