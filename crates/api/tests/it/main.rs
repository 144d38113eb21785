//! The HTTP API of a whole server in this process, on both databases.

mod bad_archives;
mod bad_input;
mod bodies;
mod conflicts;
mod connections;
mod dialects;
mod link;
mod lists;
mod logs;
mod plan_moves;
mod plan_runs;
mod plans;
mod procedures;
mod raw;
mod reconcile;
mod rights;
mod rights_table;
mod runs;
mod scheduler;
mod schedules;
mod support;
mod tasks;
mod tokens;
mod waits;
mod webhooks;
mod world;
