mod access;
mod answers;
mod live;
mod problems;
mod shutdown;
