//! A new file of the page makes the server be built again; changed ones do so by themselves.

fn main() {
    println!("cargo:rerun-if-changed=../../static");
}
