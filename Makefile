# Names of tasks; what they do is in xtask/. `make` shows them.
.PHONY: help setup demo test bench nightly
.NOTPARALLEL:

help:
	@cargo xtask help

setup:
	cargo xtask setup

demo:
	cargo xtask setup demo
	cargo xtask demo

test: setup
	cargo xtask test

bench: setup
	cargo xtask bench

nightly: setup
	cargo xtask nightly
