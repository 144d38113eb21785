//! Tests of the whole: real server, engine, databases, jobs. Everything is under `it/`.
