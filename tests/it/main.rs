//! Black-box tests over the real binary, one program: every further test program would be linked again.

mod architecture;
