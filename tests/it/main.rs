//! Black-box tests over the real binary, one program.
