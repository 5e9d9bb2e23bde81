mod access;
mod answers;
mod drawn;
mod live;
mod problems;
mod shutdown;
