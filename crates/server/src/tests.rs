mod access;
mod answers;
mod drawn;
mod links;
mod live;
mod matrix;
mod problems;
mod shutdown;
