//! The text of a launchd agent.

use super::Job;
use super::service::LAUNCHD_LABEL;

/// launchd has no environment file: a shell reads it, and is replaced by the program.
const SHELL: &str = r#"set -a; [ ! -r "$0" ] || . "$0"; set +a; exec "$@""#;

/// `None` where a path or value has a control character, which XML cannot carry.
pub(super) fn render(job: &Job) -> Option<String> {
    let program = job.program.to_str()?;
    let environment_file = job.environment_file.to_str()?;
    let (out, err) = (job.logs.join("llm-router.out.log"), job.logs.join("llm-router.err.log"));
    let (out, err) = (out.to_str()?, err.to_str()?);
    let mut words = vec!["/bin/sh", "-c", SHELL, environment_file, program];
    words.extend(job.arguments.iter().map(String::as_str));
    let mut texts = words.iter().copied().chain(job.environment.iter().map(|(_, value)| value.as_str()));
    if texts.any(super::has_control) || super::has_control(out) {
        return None;
    }

    let arguments: Vec<String> =
        words.iter().map(|word| format!("    <string>{}</string>", escaped(word))).collect();
    let environment: Vec<String> = job
        .environment
        .iter()
        .map(|(name, value)| {
            format!("    <key>{}</key>\n    <string>{}</string>", escaped(name), escaped(value))
        })
        .collect();
    Some(format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<!-- Written by `llm-router config startup-install`, which also replaces it. -->
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>{LAUNCHD_LABEL}</string>
  <key>ProgramArguments</key>
  <array>
{}
  </array>
  <key>EnvironmentVariables</key>
  <dict>
{}
  </dict>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <dict>
    <key>SuccessfulExit</key>
    <false/>
  </dict>
  <key>ExitTimeOut</key>
  <integer>20</integer>
  <key>StandardOutPath</key>
  <string>{}</string>
  <key>StandardErrorPath</key>
  <string>{}</string>
</dict>
</plist>
"#,
        arguments.join("\n"),
        environment.join("\n"),
        escaped(out),
        escaped(err),
    ))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The words of the command and the environment file of what [`render`] wrote.
pub(super) fn read(text: &str) -> Option<(Vec<String>, Option<String>)> {
    let (_, rest) = text.split_once("<key>ProgramArguments</key>")?;
    let (array, _) = rest.split_once("</array>")?;
    let strings = array.lines().filter_map(|line| {
        let text = line.trim().strip_prefix("<string>")?.strip_suffix("</string>")?;
        Some(text.replace("&quot;", "\"").replace("&gt;", ">").replace("&lt;", "<").replace("&amp;", "&"))
    });
    // The shell, its flag, its script, and what that reads.
    let mut strings = strings.skip(3);
    let environment_file = strings.next();
    Some((strings.collect(), environment_file))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(argument: &str) -> Job {
        Job {
            program: "/opt/a & b/r".into(),
            arguments: vec!["start".to_owned(), argument.to_owned()],
            environment: vec![("A".to_owned(), "<1>".to_owned())],
            environment_file: "/h/$e \"f\".env".into(),
            logs: "/h/Logs".into(),
        }
    }

    #[test]
    fn nothing_in_a_path_is_markup() {
        let plist = render(&job("--config=/c/</string><x>.json")).unwrap();
        for line in [
            "<string>/opt/a &amp; b/r</string>",
            "<string>/h/$e &quot;f&quot;.env</string>",
            "<string>--config=/c/&lt;/string&gt;&lt;x&gt;.json</string>",
            "<string>&lt;1&gt;</string>",
        ] {
            assert!(plist.lines().any(|said| said.trim() == line), "{line}\n{plist}");
        }
        assert!(render(&job("\u{1b}")).is_none());
    }
    #[test]
    fn what_is_written_can_be_read() {
        let argument = "--state-dir=/c/<a> & \"b\" &lt;";
        let plist = render(&job(argument)).unwrap();
        let words = ["/opt/a & b/r", "start", argument].map(str::to_owned).to_vec();
        assert_eq!(read(&plist), Some((words, Some("/h/$e \"f\".env".to_owned()))));
    }
}
