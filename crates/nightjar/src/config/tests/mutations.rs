use super::*;

const GOOD: &str = r#"
[server]
bind = "127.0.0.1:8000"
max_clients = 20
client_timeout = "30s"
hosts = ["camera.example"]
[data]
path = "data"
[log]
level = "info"
[[camera]]
id = "garden"
name = "Garden"
source = "http"
url = "http://127.0.0.1:9000/"
user = "me"
password = "secret"
[camera.motion]
threshold = 25
event_gap = "3s"
[[camera.zone]]
name = "feeder"
kind = "include"
points = [[0.1, 0.2], [0.5, 0.2], [0.5, 0.9]]
sensitivity = 1.5
[[camera]]
source = "file"
path = "clip.mp4"
loop = false
"#;

/// A small generator of its own, so that a failure comes again with the same number.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % n.max(1)
    }
}

fn mutate(text: &str, dice: &mut Dice) -> Vec<u8> {
    const SCRAPS: [&str; 14] = [
        "[",
        "]",
        "\"",
        "=",
        "\n",
        "[[camera]]",
        "{",
        "9e999",
        "-1",
        "\u{fffd}",
        "true",
        "''",
        "1979-05-27",
        "\0",
    ];
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..=dice.below(4) {
        let (a, b) = (dice.below(bytes.len()), dice.below(bytes.len()));
        match dice.below(6) {
            0 => bytes.truncate(a),
            1 => {
                bytes.drain(a.min(b)..a.max(b).min(a.min(b) + 20));
            }
            2 => bytes.insert(a.min(bytes.len()), u8::try_from(dice.below(256)).unwrap()),
            3 => {
                let scrap = SCRAPS[dice.below(SCRAPS.len())].bytes();
                let at = a.min(bytes.len());
                bytes.splice(at..at, scrap);
            }
            4 if !bytes.is_empty() => bytes.swap(a, b),
            _ => {
                let copy = bytes[a.min(b)..a.max(b).min(a.min(b) + 60)].to_vec();
                let at = dice.below(bytes.len());
                bytes.splice(at..at, copy);
            }
        }
        if bytes.is_empty() {
            break;
        }
    }
    bytes
}

#[test]
fn ten_thousand_mutations_are_answered_and_never_panic() {
    let desk = Desk::with(GOOD);
    desk.load(&[]).unwrap();
    let (mut good, mut bad) = (0, 0);
    for seed in 0..10_000_u64 {
        std::fs::write(desk.file(), mutate(GOOD, &mut Dice(seed))).unwrap();
        match desk.load(&[]) {
            Ok(_) => good += 1,
            Err(problems) => {
                bad += 1;
                let told = problems.to_string();
                assert!(!problems.0.is_empty() && told.contains("n.toml:"), "seed {seed}: {told}");
            }
        }
    }
    assert!(good > 100 && bad > 5_000, "{good} good, {bad} bad: the mutations are not what they should be");
}

#[test]
fn random_variables_are_answered_and_never_panic() {
    let words =
        ["SERVER", "CAMERA", "0", "1", "99999999999999999999", "MOTION", "ZONE", "BIND", "URL", "", "É"];
    let values =
        ["", "1", "true", "[[0,0],[1,1],[1,0]]", "10s", "\u{1F98A}", "http://a/", "=", "\"\"\"", "[[[["];
    let mut dice = Dice(7);
    for _ in 0..5_000 {
        let name: Vec<&str> = (0..=dice.below(5)).map(|_| words[dice.below(words.len())]).collect();
        let name = format!("NIGHTJAR_{}", name.join("__"));
        let value = values[dice.below(values.len())].into();
        if let Err(problems) = load(Inputs { environment: vec![(name.into(), value)], ..Inputs::default() }) {
            assert!(problems.to_string().contains("NIGHTJAR_"), "{problems}");
        }
    }
}
