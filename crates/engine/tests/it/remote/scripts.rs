//! The scripts of the archive.

use super::files::Home;
use super::server::Server;

#[tokio::test]
async fn start_status_and_stop_tell_the_truth() {
    let server = Server::start().await;
    let home = Home::new(&server);
    let script = |name: &'static str, args: &'static [&'static str]| {
        let home = home.path.clone();
        let run = move || {
            let output = std::process::Command::new(home.join("bin").join(name)).args(args).output().unwrap();
            (output.status.code().unwrap(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
        };
        async move { tokio::task::spawn_blocking(run).await.unwrap() }
    };
    let (code, text) = script("status", &[]).await;
    assert_eq!((code, text.as_str()), (3, "not running\nnot paired\n"));
    let (code, text) = script("start", &[]).await;
    assert_eq!(code, 0, "{text}");
    assert!(text.starts_with("started, process ") && text.contains(&format!("connected to {}", server.url)), "{text}");
    assert_eq!(text.lines().count(), 1);
    let (code, text) = script("start", &[]).await;
    assert_eq!((code, text.as_str()), (1, "already running; see bin/status\n"));
    let (code, text) = script("status", &[]).await;
    assert!(
        code == 0 && text.contains("paired as Test engine (engine-1)") && text.contains("runs: 0 of at most 3"),
        "{text}"
    );
    let (code, text) = script("client", &[]).await;
    assert!(code == 0 && text.contains("has no console"), "{text}");
    let (code, text) = script("stop", &[]).await;
    assert!(code == 0 && text.starts_with("stopped process "), "{text}");
    let (code, text) = script("stop", &[]).await;
    assert_eq!((code, text.as_str()), (0, "not running\n"));
    assert_eq!(server.state().goodbyes, 1);
}

#[tokio::test]
async fn start_says_why_it_did_not() {
    let server = Server::start().await;
    let home = Home::new(&server);
    home.write("etc/preauthorized.key.cfg", "remote.engine.pre.authorized.key=ABCD\n");
    let path = home.path.clone();
    let run = move || std::process::Command::new(path.join("bin/start")).output().unwrap();
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!output.status.success() && text.starts_with("not started: cannot pair with"), "{text}");
}
