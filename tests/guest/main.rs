//! What runs in the guest of `make test-v4l2`.
fn main() {
    println!("hello");
    for e in std::fs::read_dir("/dev").unwrap() {
        let e = e.unwrap();
        if e.file_name().to_string_lossy().starts_with("video") {
            println!("{:?}", e.path());
        }
    }
    println!("{}", String::from_utf8_lossy(&std::process::Command::new("sh").arg("-c").arg("v4l2-ctl --list-devices; v4l2-ctl -d /dev/video0 -L; v4l2-ctl -d /dev/video0 --list-formats-ext | grep \"'\"; free -m; time /mnt/nightjar --version; LD_BIND_NOW=1 ldd /mnt/nightjar | grep 'not found'").output().unwrap().stdout));
}
