//! What people do.

mod api_tests;
mod canary;
mod cases;
mod cli;
mod cli_people;
mod cli_places;
mod cli_settings;
mod compliance;
mod drains;
mod fixtures;
mod generated;
mod generations;
mod keys;
mod open_id;
mod plans;
mod procedures;
mod queue;
mod replicas;
mod secure_link;
mod stop;
mod talend_task;
mod tester_engines;
mod use_cases;
