use std::io::BufRead;

use super::*;
use crate::testing::eventually;

const ALONE: &str = "CAPTURE_TEST_ALONE";

/// This test program asked for that one test: what it does would harm its neighbours.
fn alone(test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", &format!("child::tests::{test}"), "--nocapture"]).env(ALONE, "1");
    command
}

fn sleeper() -> Child {
    let halt = Arc::new(Halt::new().unwrap());
    Child::spawn(Path::new("sleep"), &["1000".into()], halt).unwrap()
}

/// Neither gone nor a corpse.
fn lives(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(") ").next().is_some_and(|fields| !fields.is_empty() && !fields.starts_with('Z'))
}

#[test]
fn a_killed_process_takes_its_children_along() {
    if std::env::var_os(ALONE).is_some() {
        let child = sleeper();
        println!("child {}", child.inner.id());
        // Until the kill.
        loop {
            std::thread::park();
        }
    }
    let mut parent =
        alone("a_killed_process_takes_its_children_along").stdout(Stdio::piped()).spawn().unwrap();
    let lines = io::BufReader::new(parent.stdout.take().unwrap()).lines().map_while(Result::ok);
    let pid = lines.filter_map(|line| line.split("child ").nth(1)?.trim().parse().ok()).next();
    let pid: i32 = pid.expect("the child's number");
    let name = || std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    eventually("the program in its tether's place", || (name().trim() == "sleep").then_some(()));
    assert!(lives(pid));
    parent.kill().unwrap();
    parent.wait().unwrap();
    eventually("the child's end", || (!lives(pid)).then_some(()));
}

#[test]
fn all_children_are_killed_at_once_by_a_process_in_a_hurry() {
    if std::env::var_os(ALONE).is_none() {
        let output = alone("all_children_are_killed_at_once_by_a_process_in_a_hurry").output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains("1 passed"), "{text}");
        return;
    }
    let mut children = [sleeper(), sleeper(), sleeper()];
    let began = Instant::now();
    kill_children();
    assert!(began.elapsed() < Duration::from_millis(100));
    for child in &mut children {
        let mut buffer = [0; 16];
        let heard = child.read(&mut buffer, 16, Instant::now() + Duration::from_secs(5)).unwrap();
        assert_eq!(heard, Heard::Closed);
    }
    drop(children);
    assert!(live().is_empty(), "what was reaped is forgotten");
}

#[test]
fn what_a_program_that_ended_left_behind_ends_with_it() {
    let halt = Arc::new(Halt::new().unwrap());
    let leave = "sleep 1000 </dev/null >/dev/null 2>&1 & echo $!; exit 7";
    let mut child = Child::spawn(Path::new("sh"), &["-c".into(), leave.into()], halt).unwrap();
    let mut buffer = [0; 64];
    let deadline = Instant::now() + Duration::from_secs(20);
    let Heard::Out(n) = child.read(&mut buffer, 64, deadline).unwrap() else { panic!("its number") };
    let left: i32 = std::str::from_utf8(&buffer[..n]).unwrap().trim().parse().unwrap();
    assert_eq!(child.read(&mut buffer, 64, deadline).unwrap(), Heard::Closed);
    assert!(lives(left));
    assert_eq!(child.status().unwrap().code(), Some(7), "its own end is what counts");
    eventually("the end of what it left", || (!lives(left)).then_some(()));
}

#[test]
fn a_program_that_is_missing_is_told_from_one_that_fails() {
    let halt = Arc::new(Halt::new().unwrap());
    for program in ["/nonexistent/ffmpeg", "surely-no-such-program", "/etc/passwd", "/"] {
        let error = Child::spawn(Path::new(program), &[], halt.clone()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound, "{program}");
    }
}

#[test]
fn credentials_in_an_address_are_not_repeated() {
    for (line, shown) in [
        ("Impossible to open 'rtsp://eve:hu@sh@cam:554/a@b'", "Impossible to open 'rtsp://cam:554/a@b'"),
        ("a http://u:p@x/ b https://v:q@y c", "a http://x/ b https://y c"),
        ("rtsp://cam/u@v", "rtsp://cam/u@v"),
        ("eve@cam ://", "eve@cam ://"),
        ("", ""),
    ] {
        assert_eq!(hushed(line), shown);
    }
}
