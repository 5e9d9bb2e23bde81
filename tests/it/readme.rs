//! Every command that the README gives works; the list here says by which test, or runs it.

use std::collections::BTreeSet;

use tests::{Setup, repository, run};

/// The lines of the README's fenced `sh` blocks.
fn commands() -> BTreeSet<String> {
    let readme = std::fs::read_to_string(repository().join("README.md")).unwrap();
    let blocks = readme.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks
        .flat_map(str::lines)
        .map(str::trim)
        .filter(|l| !l.is_empty() && !l.starts_with('#'))
        .map(str::to_owned)
        .collect()
}

/// Commands that other tests hold: the words, and where.
const ELSEWHERE: &[(&str, &str)] = &[
    ("make run", "its parts: .ci/setup, cargo build, and every start of the program in these tests"),
    ("make test", "you are in it"),
    ("nightjar config check", "config::the_shipped_configuration_is_good"),
    ("nightjar config show", "config::show_says_where_each_value_comes_from_and_masks_secrets"),
    ("nightjar config schema", "config::the_schema_is_json_and_knows_the_cameras"),
    (
        "curl http://127.0.0.1:8000/motion_status",
        "live::motion_status_has_exactly_the_keys_that_scripts_poll",
    ),
    (
        "curl -o now.jpg http://127.0.0.1:8000/snapshot.jpg",
        "live::the_snapshot_is_the_newest_frame_under_each_of_its_names",
    ),
    (
        "nightjar analyze clip.mp4 --frames frames.jsonl --no-store",
        "analyze::every_frame_of_real_footage_is_judged_once_and_the_same_way_each_time",
    ),
    (
        "nightjar events list --from 2026-11-19 --label animal",
        "import::events_are_found_shown_and_deleted_from_a_shell",
    ),
    ("nightjar events check", "import::events_are_found_shown_and_deleted_from_a_shell"),
    (
        "nightjar import /media/card/DCIM --camera meadow",
        "import::events_are_found_shown_and_deleted_from_a_shell",
    ),
    ("cargo build --release --locked -p nightjar", "what make run does"),
    ("sudo make install", "service::what_is_installed_is_what_the_unit_needs"),
    (
        "sudo -u nightjar nightjar key add --name me --scope view --scope control",
        "readme::the_keys_of_the_readme_open_the_network",
    ),
    (
        "sudo systemctl enable --now nightjar",
        "service::the_unit_is_one_that_systemd_understands_and_leaves_little_open",
    ),
    ("sudo systemctl reload nightjar", "settings::a_hangup_takes_a_changed_file_over_while_a_viewer_watches"),
    ("nightjar doctor remote", "uploads::the_doctor_says_what_is_wrong_with_a_remote_and_how_to_mend_it"),
    (
        "sudo -u nightjar-hub nightjar key add --hub --name me --scope view --scope control",
        "readme::the_keys_of_the_readme_open_the_hub",
    ),
    (
        "sudo systemctl enable --now nightjar-hub",
        "service::the_unit_is_one_that_systemd_understands_and_leaves_little_open",
    ),
    (
        "docker compose run --rm hub key add --hub --name me --scope view --scope control",
        "readme::the_keys_of_the_readme_open_the_hub",
    ),
    (
        "docker compose run --rm garden key add --name me --scope view --scope control",
        "readme::the_keys_of_the_readme_open_the_network",
    ),
    ("docker compose up -d hub garden", "uploads::the_services_of_the_compose_file_hand_the_key_over"),
    ("make image", "make test-image"),
    ("docker compose up -d", "make test-image starts the same image in the same way"),
];

#[test]
fn every_command_is_held_by_a_test() {
    let held: BTreeSet<_> =
        ELSEWHERE.iter().map(|(command, _)| (*command).to_owned()).chain(HERE.map(str::to_owned)).collect();
    let commands = commands();
    assert!(!commands.is_empty());
    let unheld: Vec<_> = commands.difference(&held).collect();
    assert!(unheld.is_empty(), "no test holds {unheld:?}");
    let stale: Vec<_> = held.difference(&commands).collect();
    assert!(stale.is_empty(), "the README no longer gives {stale:?}");
}

#[test]
fn the_tests_that_are_named_exist() {
    for (command, place) in ELSEWHERE {
        let Some((module, name)) = place.split_once("::") else { continue };
        let text = std::fs::read_to_string(repository().join(format!("tests/it/{module}.rs"))).unwrap();
        assert!(text.contains(&format!("fn {name}()")), "{command}: {place} is gone");
    }
}

#[test]
fn every_make_target_that_is_named_exists() {
    let makefile = std::fs::read_to_string(repository().join("Makefile")).unwrap();
    let readme = std::fs::read_to_string(repository().join("README.md")).unwrap();
    for rest in readme.split("`make ").skip(1) {
        let target = rest.split('`').next().unwrap();
        assert!(makefile.contains(&format!("\n{target}:")), "make {target}");
    }
}

/// Commands that are run here, as they stand.
const HERE: [&str; 7] = [
    "nightjar key add --name phone --scope view --scope control",
    "nightjar key list",
    "NIGHTJAR_SERVER__BIND=0.0.0.0:8000 nightjar serve",
    "docker compose run --rm camera key add --name me --scope view --scope control",
    "nightjar key add --hub --name me --scope view --scope control",
    "nightjar key add --hub --name pole-7 --scope upload --quota 50GiB",
    "NIGHTJAR_HUB__BIND=0.0.0.0:8080 nightjar hub",
];

#[test]
fn the_keys_of_the_readme_open_the_network() {
    let setup = Setup::scene("calm");
    for line in [HERE[0], HERE[3]] {
        let args: Vec<_> = line[line.find("key ").unwrap()..].split(' ').collect();
        assert_eq!(setup.run(&args).code, 0, "{line}");
    }
    let listed = setup.run(&["key", "list"]);
    assert!(listed.out.contains("phone") && listed.out.contains("me"), "{}", listed.out);
    let mut app = setup.env("NIGHTJAR_SERVER__BIND", "0.0.0.0:0").start();
    app.addr.set_ip([127, 0, 0, 1].into());
    assert_eq!(app.get("/healthz").status, 200);
    assert_eq!(app.get("/status").status, 401);
}

#[test]
fn the_keys_of_the_readme_open_the_hub() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("hub");
    let env = [("NIGHTJAR_HUB__PATH", path.to_str().unwrap()), ("NIGHTJAR_HUB__BIND", "0.0.0.0:8080")];
    let refused = run(&["hub"], &env);
    assert_eq!(refused.code, 78, "without a key it does not listen on a network: {}", refused.err);
    assert!(refused.err.contains("nightjar key add --hub"), "{}", refused.err);
    for line in [HERE[4], HERE[5]] {
        let args: Vec<_> = line[line.find("key ").unwrap()..].split(' ').collect();
        assert_eq!(run(&args, &env).code, 0, "{line}");
    }
    let listed = run(&["key", "list", "--hub"], &env).out;
    assert!(listed.contains("pole-7 (up to 50GiB)") && listed.contains("control,view"), "{listed}");
    assert_eq!(run(&["key", "list"], &env).out, "", "those of the camera are others");
}

#[test]
fn the_configurations_of_the_readme_are_good() {
    let readme = std::fs::read_to_string(repository().join("README.md")).unwrap();
    let blocks: Vec<_> =
        readme.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(!blocks.is_empty());
    for block in blocks {
        // The one thing that they take for granted: the file with the password.
        let secrets = Setup::config("");
        let password = secrets.folder().join("garden-password");
        std::fs::write(&password, "secret\n").unwrap();
        let here = block.replace("/etc/nightjar/garden-password", password.to_str().unwrap());
        let here = here.replace("/etc/nightjar/hub-key", password.to_str().unwrap());
        let done = Setup::config(&here).run(&["config", "check"]);
        assert_eq!(done.code, 0, "{block}\n{}", done.err);
    }
    assert_eq!(run(&["--help"], &[]).code, 0);
}
