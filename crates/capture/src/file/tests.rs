use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use tempfile::TempDir;

use super::video::open_with;
use super::*;
use crate::testing::{Watched, eventually, quick};
use crate::{SourceKind, State};

/// Makes a file in the folder with ffmpeg's own test pictures.
fn made(folder: &TempDir, name: &str, arguments: &str) -> PathBuf {
    let path = folder.path().join(name);
    let output = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-f", "lavfi", "-i"])
        .args(arguments.split(' '))
        .arg(url_of(&path))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    path
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// An executable script that takes a program's place.
fn script(folder: &TempDir, text: &str) -> Tools {
    let path = folder.path().join("ffmpeg");
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    Tools { ffmpeg: path, ffprobe: "/nonexistent/ffprobe".into() }
}

fn times(path: &Path) -> Vec<u64> {
    let ms = |time: Duration| u64::try_from(time.as_micros().div_ceil(500) / 2).unwrap();
    open_file(path).unwrap().map(|frame| ms(frame.unwrap().0)).collect()
}

#[test]
fn every_frame_comes_once_with_its_own_time_stamp() {
    let folder = folder();
    let steady: Vec<u64> = (0..30).map(|i| (i * 2000 + 30) / 60).collect();
    let source = "testsrc2=s=160x120:r=30:d=1";
    let uneven = "-vf select='not(mod(n,3))+lt(n,8)' -fps_mode vfr";
    let kept: Vec<u64> = (0..30).filter(|n| n % 3 == 0 || *n < 8).map(|n| (n * 2000 + 30) / 60).collect();
    let table = [
        ("steady.mp4", format!("{source} -c:v libx264"), &steady),
        ("bframes.mp4", format!("{source} -c:v libx264 -bf 3 -g 10"), &steady),
        ("late.mkv", format!("{source} -c:v libx264 -output_ts_offset 7"), &steady),
        (
            "early.mkv",
            format!("{source} -c:v mjpeg -output_ts_offset -0.2 -avoid_negative_ts disabled"),
            &steady,
        ),
        ("uneven.mp4", format!("{source} {uneven} -c:v libx264 -bf 2 -video_track_timescale 90000"), &kept),
        ("uneven.mkv", format!("{source} {uneven} -c:v mpeg4"), &kept),
        ("stream.ts", format!("{source} -c:v libx264 -f mpegts"), &steady),
        ("-dash.avi", format!("{source} -c:v mjpeg"), &steady),
        ("one.mp4", "testsrc2=s=64x48:r=30:d=0.03 -frames:v 1 -c:v libx264".to_owned(), &vec![0]),
    ];
    for (name, arguments, expected) in table {
        let times = times(&made(&folder, name, &arguments));
        assert_eq!(times.len(), expected.len(), "{name}");
        // Matroska's unit is a millisecond: each stamp and the first one are rounded.
        assert!(times.iter().zip(expected).all(|(a, b)| a.abs_diff(*b) <= 2), "{name}: {times:?}");
    }
}

#[test]
fn frames_have_the_files_own_size_and_full_range() {
    let folder = folder();
    let path =
        made(&folder, "white.mkv", "color=white:s=64x48:r=5:d=1 -vf scale=63:47,format=yuv444p -c:v ffv1");
    let mut video = open_file(&path).unwrap();
    assert_eq!(video.info().duration, Some(Duration::from_secs(1)));
    assert_eq!(video.info().frames, Some(5));
    let (_, picture) = video.next_frame().unwrap().unwrap();
    assert_eq!(picture.size(), Size::new(63, 47));
    assert!(picture.luma().iter().all(|&value| value >= 253), "{:?}", picture.luma()[0]);
}

#[test]
fn pictures_come_in_the_files_order() {
    let folder = folder();
    // The whole picture is as bright as the frame's number says.
    let path = made(
        &folder,
        "ramp.mp4",
        "color=black:s=64x48:r=25:d=2,geq=lum='16+4*N':cb=128:cr=128 -c:v libx264 -qp 1 -bf 3",
    );
    let levels: Vec<u8> = open_file(&path).unwrap().map(|frame| frame.unwrap().1.luma()[2000]).collect();
    assert_eq!(levels.len(), 50);
    for (n, &level) in levels.iter().enumerate() {
        let expected = (4 * n) as f32 * 255.0 / 219.0;
        assert!((f32::from(level) - expected).abs() < 3.0, "frame {n} is {level}");
    }
}

#[test]
fn every_bad_file_is_named_for_what_it_is() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("text.mp4"), "hello".repeat(100)).unwrap();
    std::fs::write(at("empty.mp4"), "").unwrap();
    made(&folder, "sound.wav", "sine=d=0.1");
    let whole = std::fs::read(made(&folder, "whole.mp4", "testsrc2=s=64x48:r=30:d=1 -c:v libx264")).unwrap();
    std::fs::write(at("headless.mp4"), &whole[..whole.len() / 2]).unwrap();
    let table = [
        ("gone.mp4", "no_file"),
        (".", "no_file"),
        ("empty.mp4", "no_frames"),
        ("text.mp4", "not_a_video"),
        ("headless.mp4", "not_a_video"),
        ("sound.wav", "no_video"),
    ];
    for (name, code) in table {
        let found = open_file(&at(name)).and_then(|mut video| video.next_frame());
        let problem = Problem::from(found.err().unwrap_or_else(|| panic!("{name} gave a frame")));
        assert_eq!(problem.code, code, "{problem}");
        assert!(!problem.what.contains("/tmp"), "{problem}");
    }
    let no_tools = Tools { ffmpeg: "/nonexistent/ffmpeg".into(), ffprobe: "/nonexistent/ffprobe".into() };
    let problem = Problem::from(open_with(&at("whole.mp4"), &no_tools).err().unwrap());
    assert_eq!(problem.code, "no_ffmpeg");
}

#[test]
fn a_file_cut_off_gives_what_it_has_and_says_so() {
    let folder = folder();
    let path = made(&folder, "whole.mkv", "testsrc2=s=160x120:r=10:d=5 -c:v mjpeg");
    let bytes = std::fs::read(&path).unwrap();
    let cut = folder.path().join("cut.mkv");
    std::fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    let mut video = open_file(&cut).unwrap();
    let frames = video.by_ref().filter(Result::is_ok).count();
    assert!((15..35).contains(&frames), "{frames}");
    let warning = video.warning().unwrap().to_owned();
    assert!(warning.contains(&format!("cut off after {frames} of about 50 frames")), "{warning}");
    let mut whole = open_file(&path).unwrap();
    assert_eq!(whole.by_ref().filter(Result::is_ok).count(), 50);
    assert_eq!(whole.warning(), None);
}

#[test]
fn a_child_that_hangs_dies_or_lies_is_a_problem() {
    let folder = folder();
    let video = folder.path().join("any.mp4");
    std::fs::write(&video, "x").unwrap();
    let halt = Arc::new(Halt::new().unwrap());
    let table = [
        ("exec sleep 1000", "stalled"),
        ("kill -9 $$", "died"),
        ("echo oh dear >&2; exit 1", "no_frames"),
        ("echo '#dimensions 0: 90000x90000' >&2; exec sleep 1000", "bad_pictures"),
        (
            "echo '#dimensions 0: 4x4' >&2; echo '0, 0, 0, 1, 99999999, 0x00000000' >&2; exec sleep 1000",
            "bad_pictures",
        ),
        ("echo '#dimensions 0: 4x4' >&2; echo '#tb 0: 1/0' >&2; exec sleep 1000", "bad_pictures"),
        ("exec 1>&- 2>&-; exec sleep 1000", "died"),
    ];
    for (text, code) in table {
        let mut opener = File {
            path: video.clone(),
            pace: Pace::Fast,
            looped: false,
            tools: script(&folder, text),
            first: Duration::from_millis(400),
            look: Look::default(),
            halt: halt.clone(),
        };
        let problem = opener.open().and_then(|mut source| source.next(Duration::from_millis(400))).err();
        assert_eq!(problem.as_ref().map(|problem| problem.code), Some(code), "{text}: {problem:?}");
    }
}

fn played(path: PathBuf, pace: Pace, looped: bool) -> Watched {
    Watched::start(SourceKind::File { path, pace, looped }, quick_file())
}

fn quick_file() -> crate::supervisor::Tuning {
    crate::supervisor::Tuning { answer: Duration::from_secs(10), floor: Duration::from_secs(5), ..quick() }
}

#[test]
fn a_file_played_once_ends_and_closes_the_ring() {
    let folder = folder();
    let watched = played(made(&folder, "a.avi", "testsrc2=s=64x48:r=10:d=2 -c:v mjpeg"), Pace::Fast, false);
    let began = Instant::now();
    eventually("the end", || (watched.supervisor.status().state == State::Ended).then_some(()));
    assert!(began.elapsed() < Duration::from_secs(2), "fast is faster than real time");
    let frames = watched.ring.last(Duration::from_secs(600));
    let times: Vec<u128> = frames.iter().map(|frame| frame.media_time().as_millis()).collect();
    assert_eq!(times, (0..20).map(|i| i * 100).collect::<Vec<_>>());
    watched.supervisor.stop();
}

#[test]
fn a_loop_goes_on_in_time_without_a_gap() {
    let folder = folder();
    let path = made(&folder, "a.avi", "testsrc2=s=64x48:r=20:d=0.5 -c:v mjpeg");
    for pace in [Pace::Fast, Pace::RealTime] {
        let began = Instant::now();
        let watched = played(path.clone(), pace, true);
        watched.frames(45);
        let took = began.elapsed();
        let frames = watched.ring.last(Duration::from_secs(600));
        for (i, frame) in frames.iter().take(45).enumerate() {
            let expected = Duration::from_millis(50) * u32::try_from(i).unwrap();
            assert!(
                frame.media_time().abs_diff(expected) < Duration::from_millis(2),
                "{i}: {:?}",
                frame.media_time()
            );
        }
        if pace == Pace::RealTime {
            assert!(took >= Duration::from_millis(2150), "{took:?}");
        }
    }
}

#[test]
fn stopping_takes_no_time_and_leaves_no_child() {
    let folder = folder();
    let path = made(&folder, "a.avi", "testsrc2=s=64x48:r=1:d=60 -c:v mjpeg");
    let watched = played(path, Pace::RealTime, true);
    watched.frames(1);
    let began = Instant::now();
    watched.supervisor.stop();
    assert!(began.elapsed() < Duration::from_secs(1));
}

#[test]
fn a_hung_probe_is_reported_at_once_and_the_hint_names_ffmpeg() {
    let folder = folder();
    let video = folder.path().join("any.mp4");
    std::fs::write(&video, "x").unwrap();
    let hung = script(&folder, "exec sleep 1000").ffmpeg;
    let mut opener = File {
        path: video,
        pace: Pace::Fast,
        looped: false,
        tools: Tools { ffmpeg: hung.clone(), ffprobe: hung },
        first: Duration::from_millis(400),
        look: Look::default(),
        halt: Arc::new(Halt::new().unwrap()),
    };
    let began = Instant::now();
    let problem = opener.open().err().unwrap();
    assert_eq!(problem.code, "stalled", "{problem}");
    assert!(problem.mend.contains("ffmpeg"), "{problem}");
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
}

#[test]
fn an_avi_cut_off_is_told_by_its_own_count_of_frames() {
    let folder = folder();
    let path = made(&folder, "whole.avi", "testsrc2=s=160x120:r=20:d=10 -c:v mjpeg");
    let bytes = std::fs::read(&path).unwrap();
    let cut = folder.path().join("cut.avi");
    std::fs::write(&cut, &bytes[..bytes.len() / 8]).unwrap();
    let mut video = open_file(&cut).unwrap();
    let frames = video.by_ref().filter(Result::is_ok).count();
    let warning = video.warning().unwrap().to_owned();
    assert!(warning.contains(&format!("cut off after {frames} of about 200 frames")), "{warning}");
    let mut whole = open_file(&path).unwrap();
    assert_eq!(whole.by_ref().filter(Result::is_ok).count(), 200);
    assert_eq!(whole.warning(), None);
}

#[test]
fn an_edit_list_hides_frames_without_a_warning() {
    let folder = folder();
    let whole = made(&folder, "whole.mp4", "testsrc2=s=64x48:r=10:d=6 -c:v libx264 -g 60 -bf 2");
    let cut = folder.path().join("edited.mp4");
    let output = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-ss", "3", "-i"])
        .arg(&whole)
        .args(["-c", "copy"])
        .arg(&cut)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut video = open_file(&cut).unwrap();
    let times: Vec<u128> = video.by_ref().map(|frame| frame.unwrap().0.as_millis()).collect();
    assert!((29..=31).contains(&times.len()), "{times:?}");
    assert!(
        times.windows(2).all(|two| (99..=101).contains(&(two[1] - two[0]))) && times[0] == 0,
        "{times:?}"
    );
    assert_eq!(video.warning(), None);
}

#[test]
fn a_decoder_killed_in_mid_stream_is_a_problem_that_counts_the_frames() {
    let folder = folder();
    let video = folder.path().join("any.mp4");
    std::fs::write(&video, "x").unwrap();
    let one = "echo '0, 0, 0, 1, 24, 0x00000000' >&2; printf 'aaaabbbbccccddddeeeeffff'";
    let text = format!("echo '#dimensions 0: 4x4' >&2; {one}; kill -9 $$");
    let mut video = open_with(&video, &script(&folder, &text)).unwrap();
    assert!(video.next_frame().unwrap().is_some());
    let problem = Problem::from(video.next_frame().unwrap_err());
    assert_eq!(problem.code, "died", "{problem}");
    assert!(problem.what.contains("signal 9 after 1 frames"), "{problem}");
    assert!(video.next_frame().unwrap().is_none(), "nothing comes after an error");
}

/// Red, green and blue of the picture's middle, as a JPEG viewer sees them.
fn middle(picture: &frame::I420) -> [u8; 3] {
    let jpeg = codec::Encoder::new(95).unwrap().i420(picture).unwrap();
    let (size, rgb) = codec::Decoder::new().unwrap().rgb(&jpeg).unwrap();
    let at = 3 * (size.height / 2 * size.width + size.width / 2) as usize;
    [rgb[at], rgb[at + 1], rgb[at + 2]]
}

#[test]
fn colours_are_the_files_own_whatever_its_matrix_and_range() {
    let folder = folder();
    let tables = [
        ("bt709", "bt709", "tv"),
        ("bt709", "bt709", "pc"),
        ("bt601", "smpte170m", "tv"),
        ("bt601", "smpte170m", "pc"),
    ];
    for (matrix, tag, range) in tables {
        for (colour, rgb) in [("0x20C040", [0x20, 0xc0, 0x40]), ("0xD03020", [0xd0, 0x30, 0x20])] {
            let arguments = format!(
                "color={colour}:s=64x48:r=5:d=1,format=rgb24 \
                 -vf scale=out_color_matrix={matrix}:out_range={range},format=yuv420p \
                 -colorspace {tag} -color_range {range} -c:v libx264 -qp 1"
            );
            let arguments = arguments.split_whitespace().collect::<Vec<_>>().join(" ");
            let path = made(&folder, &format!("{tag}-{range}-{colour}.mp4"), &arguments);
            let (_, picture) = open_file(&path).unwrap().next_frame().unwrap().unwrap();
            let seen = middle(&picture);
            let off = seen.iter().zip(rgb).map(|(a, b): (&u8, u8)| a.abs_diff(b)).max().unwrap();
            assert!(off <= 6, "{matrix} {range} {colour}: {seen:?} instead of {rgb:?}");
        }
    }
}

#[test]
fn a_very_short_loop_starts_no_more_than_a_decoder_a_second() {
    let folder = folder();
    let short = made(&folder, "short.avi", "testsrc2=s=64x48:r=20:d=0.2 -c:v mjpeg");
    let log = folder.path().join("starts");
    let text = format!("echo >> '{}'; exec ffmpeg \"$@\"", log.display());
    let starts = || std::fs::read(&log).map_or(0, |lines| lines.len());
    for (pace, frames) in [(Pace::RealTime, 40), (Pace::Fast, 8)] {
        let _fresh = std::fs::remove_file(&log);
        let began = Instant::now();
        let mut tools = script(&folder, &text);
        tools.ffprobe = "ffprobe".into();
        let halt = Arc::new(Halt::new().unwrap());
        let mut opener = File {
            path: short.clone(),
            pace,
            looped: true,
            tools,
            first: Duration::from_secs(10),
            look: Look::default(),
            halt: halt.clone(),
        };
        let mut source = opener.open().unwrap();
        for i in 0..frames {
            let next = source.next(Duration::from_secs(10)).unwrap();
            let Next::Picture { media_time: Some(time), .. } = next else { panic!("{next:?}") };
            assert!(time.abs_diff(Duration::from_millis(50) * i) < Duration::from_millis(2), "{i}: {time:?}");
        }
        let (took, starts) = (began.elapsed(), starts());
        // One a second, and the one that is started ahead.
        assert!(starts as u64 <= took.as_secs() + 2, "{pace:?}: {starts} decoders in {took:?}");
        if pace == Pace::RealTime {
            assert!(took >= Duration::from_millis(1900), "{took:?}");
        }
        halt.stop();
        assert!(matches!(source.next(Duration::from_secs(10)), Ok(Next::Stopped)), "waits end with a stop");
    }
}
