//! A defect is told in the log, without the values that were in its words.

/// From now on panics go to the log, cut to what [`stoker_secrets::panics::told`] lets through.
pub(crate) fn install() {
    std::panic::set_hook(Box::new(|panic| {
        let thread = std::thread::current();
        tracing::error!("{}", stoker_secrets::panics::told(panic.payload(), panic.location(), thread.name()));
    }));
}

#[cfg(test)]
mod tests {
    /// The part of the next test that panics, in a process of its own.
    #[test]
    #[ignore = "it panics, as it should; the next test starts it"]
    fn something_panics() {
        crate::run::logging();
        super::install();
        let caught = std::panic::catch_unwind(|| {
            let body = std::env::var("CANARY").expect("it was given");
            serde_json::from_str::<u8>(&body).unwrap_or_else(|error| panic!("cannot read {body:?}: {error}"))
        });
        assert!(caught.is_err());
    }

    #[test]
    fn a_panic_tells_its_place_and_no_secret() {
        let program = std::env::current_exe().expect("this program");
        let words = ["--exact", "panics::tests::something_panics", "--ignored", "--nocapture"];
        let output =
            std::process::Command::new(program).args(words).env("CANARY", "s3cr3t-4711").output().expect("run it");
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success() && said.contains("1 passed"), "{said}");
        assert!(said.contains("panicked at") && said.contains("panics.rs"), "{said}");
        assert!(!said.contains("s3cr3t"), "{said}");
    }
}
