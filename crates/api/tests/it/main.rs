//! The HTTP API of a whole server in this process, on both databases.

mod support;
