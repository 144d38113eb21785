//! What people do.

mod api_tests;
mod canary;
mod cases;
mod cli;
mod fixtures;
mod keys;
mod open_id;
mod plans;
mod procedures;
mod queue;
mod secure_link;
mod stop;
mod talend_task;
mod use_cases;
