//! The examples of `docs/scheduling.md`: shown as they are, and such as their readers accept.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")
}

fn example(name: &str) -> String {
    std::fs::read_to_string(docs().join("scheduling").join(name)).unwrap()
}

/// The page with each example below the line that names it.
fn with_examples(page: &str) -> String {
    let mut text = String::new();
    let mut lines = page.lines().peekable();
    while let Some(line) = lines.next() {
        text.push_str(line);
        text.push('\n');
        let name =
            line.strip_prefix("<!-- docs/scheduling/").and_then(|rest| rest.strip_suffix(" -->"));
        let Some(name) = name else { continue };
        if lines.peek().is_some_and(|next| next.starts_with("```")) {
            lines.next();
            lines.by_ref().find(|line| *line == "```");
        }
        let kind = match Path::new(name).extension().and_then(|ending| ending.to_str()) {
            Some("yaml") => "yaml",
            Some("service" | "timer") => "ini",
            Some(_) => "",
            None => "dockerfile",
        };
        text.push_str(&format!("```{kind}\n{}```\n", example(name)));
    }
    text
}

#[test]
fn the_page_shows_the_examples_as_they_are() {
    let page = docs().join("scheduling.md");
    let shown = std::fs::read_to_string(&page).unwrap();
    let wanted = with_examples(&shown);
    if std::env::var_os("NOTEFERRY_WRITE_DOCS").is_some() {
        std::fs::write(&page, &wanted).unwrap();
        return;
    }
    assert_eq!(shown, wanted, "NOTEFERRY_WRITE_DOCS=1 writes the page");
    for file in std::fs::read_dir(docs().join("scheduling")).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        assert!(shown.contains(&format!("<!-- docs/scheduling/{name} -->")), "{name} is not shown");
    }
}

/// The flags that an example gives to `noteferry run`.
fn flags(text: &str) -> Vec<&str> {
    let command = text.split("noteferry run").nth(1).unwrap();
    let end = command.find("\n#").or_else(|| command.find("\n\n")).unwrap_or(command.len());
    command[..end].split_whitespace().filter(|word| word.starts_with('-')).collect()
}

#[test]
fn the_commands_of_the_examples_are_ones() {
    let help =
        Command::new(env!("CARGO_BIN_EXE_noteferry")).args(["run", "--help"]).output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let job: Value = serde_yaml::from_str(&example("cronjob.yaml")).unwrap();
    let container = &job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0];
    let arguments: Vec<&str> =
        container["args"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let (cron, unit) = (example("import-notes.cron"), example("import-notes.service"));
    let all = [flags(&cron), flags(&unit), arguments].concat();
    let mut seen = 0;
    for flag in all.into_iter().filter(|word| word.starts_with('-')) {
        assert!(help.contains(flag), "{flag} is no flag of run");
        seen += 1;
    }
    assert!(seen > 8);
    // A mail is sent for what is wrong, so what is right is not said.
    assert!(cron.lines().last().unwrap().contains(" -q "));
    for line in cron.lines().filter(|line| line.starts_with(char::is_numeric)) {
        assert!(
            line.split_whitespace()
                .take(5)
                .all(|field| field.chars().all(|c| "0123456789*/-,".contains(c)))
        );
        // To cron a percent sign is the end of the line.
        assert!(!line.contains('%'), "{line}");
    }
}

/// What matters of a CronJob, and no more: what is not named here is a slip.
fn cron_job_schema() -> Value {
    let object = |required: &[&str], properties: Value| json!({"type": "object", "required": required, "properties": properties, "additionalProperties": false});
    let text = || json!({"type": "string"});
    let container = object(
        &["name", "image"],
        json!({
            "name": {"type": "string", "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"},
            "image": text(),
            "args": {"type": "array", "items": text()},
            "env": {"type": "array", "items": object(&["name"], json!({
                "name": text(), "value": text(),
                "valueFrom": object(&[], json!({"secretKeyRef": object(&["key"], json!({
                    "name": text(), "key": text(), "optional": {"type": "boolean"}}))})),
            }))},
            "securityContext": object(&[], json!({
                "allowPrivilegeEscalation": {"type": "boolean"}, "readOnlyRootFilesystem": {"type": "boolean"},
                "capabilities": object(&[], json!({"drop": {"type": "array", "items": text()}})),
            })),
            "volumeMounts": {"type": "array", "items": object(&["name", "mountPath"], json!({
                "name": text(), "mountPath": text(), "readOnly": {"type": "boolean"}}))},
        }),
    );
    let volume = object(
        &["name"],
        json!({
            "name": text(),
            "persistentVolumeClaim": object(&["claimName"], json!({"claimName": text()})),
            "secret": object(&[], json!({"secretName": text(), "defaultMode": {"type": "integer", "minimum": 0, "maximum": 511}})),
            "emptyDir": {"type": "object"},
        }),
    );
    let pod = object(
        &["containers", "restartPolicy"],
        json!({
            // A Job takes no other.
            "restartPolicy": {"enum": ["Never", "OnFailure"]},
            "terminationGracePeriodSeconds": {"type": "integer", "minimum": 0},
            "securityContext": object(&[], json!({
                "runAsNonRoot": {"type": "boolean"}, "runAsUser": {"type": "integer"}, "fsGroup": {"type": "integer"}})),
            "containers": {"type": "array", "minItems": 1, "items": container},
            "volumes": {"type": "array", "items": volume},
        }),
    );
    let job = object(
        &["template"],
        json!({"backoffLimit": {"type": "integer", "minimum": 0}, "template": object(&["spec"], json!({"spec": pod}))}),
    );
    object(
        &["apiVersion", "kind", "metadata", "spec"],
        json!({
            "apiVersion": {"const": "batch/v1"}, "kind": {"const": "CronJob"},
            "metadata": object(&["name"], json!({"name": {"type": "string", "maxLength": 52}})),
            "spec": object(&["schedule", "jobTemplate"], json!({
                "schedule": {"type": "string", "pattern": r"^(\S+ ){4}\S+$"}, "timeZone": text(),
                "concurrencyPolicy": {"enum": ["Allow", "Forbid", "Replace"]},
                "startingDeadlineSeconds": {"type": "integer", "minimum": 10},
                "jobTemplate": object(&["spec"], json!({"spec": job})),
            })),
        }),
    )
}

#[test]
fn kubernetes_would_take_the_cron_job() {
    let job: Value = serde_yaml::from_str(&example("cronjob.yaml")).unwrap();
    let schema = jsonschema::validator_for(&cron_job_schema()).unwrap();
    let errors: Vec<String> = schema
        .iter_errors(&job)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
    let pod = &job["spec"]["jobTemplate"]["spec"]["template"]["spec"];
    let names = |list: &Value| -> Vec<String> {
        let names =
            list.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned());
        names.collect()
    };
    assert_eq!(names(&pod["containers"][0]["volumeMounts"]), names(&pod["volumes"]));
    let broken = example("cronjob.yaml").replace("restartPolicy: Never", "restartPolicy: Always");
    assert!(!schema.is_valid(&serde_yaml::from_str::<Value>(&broken).unwrap()));
}

#[cfg(target_os = "linux")]
#[test]
fn systemd_takes_the_unit_and_the_timer() {
    let is_there = Command::new("systemd-analyze").arg("--version").output().is_ok();
    if !is_there {
        eprintln!("skipped: systemd-analyze is not there");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    // Programs and users of the example are not on this machine, and not what is asked.
    let unit = example("import-notes.service")
        .replace("/usr/local/bin/noteferry", env!("CARGO_BIN_EXE_noteferry"))
        .replace("User=noteferry", "User=root")
        .replace("Documentation=man:noteferry-run(1)\n", "");
    std::fs::write(folder.path().join("import-notes.service"), unit).unwrap();
    std::fs::write(folder.path().join("import-notes.timer"), example("import-notes.timer"))
        .unwrap();
    let verified = Command::new("systemd-analyze")
        .args(["verify", "--recursive-errors=no"])
        .args(["import-notes.service", "import-notes.timer"].map(|name| folder.path().join(name)))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&verified.stderr);
    assert!(verified.status.success() && !said.contains("import-notes"), "{said}");
}
