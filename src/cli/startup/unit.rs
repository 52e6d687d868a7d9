//! The text of a systemd user unit.

use super::Job;

/// `None` where a path or value has a control character, which a unit cannot carry safely.
pub(super) fn render(job: &Job) -> Option<String> {
    let program = job.program.to_str()?;
    let environment_file = job.environment_file.to_str()?;
    let texts = job.arguments.iter().chain(job.environment.iter().map(|(_, value)| value));
    let mut texts = texts.map(String::as_str).chain([program, environment_file]);
    if texts.any(super::has_control) {
        return None;
    }

    // The program's path takes no variables, arguments do.
    let words = job.arguments.iter().map(|argument| quoted(argument).replace('$', "$$"));
    let command: Vec<String> = std::iter::once(quoted(program)).chain(words).collect();
    let environment: Vec<String> = job
        .environment
        .iter()
        .map(|(name, value)| format!("Environment={}", quoted(&format!("{name}={value}"))))
        .collect();
    Some(format!(
        "# Written by `llm-router config startup-install`, which also replaces it.\n\
         [Unit]\n\
         Description=llm-router, one endpoint in front of every LLM provider\n\
         StartLimitIntervalSec=60\n\
         StartLimitBurst=10\n\
         \n\
         [Service]\n\
         Type=exec\n\
         ExecStart={}\n\
         {}\n\
         EnvironmentFile=-{}\n\
         # 2: the config has to change first.\n\
         Restart=on-failure\n\
         RestartSec=2\n\
         RestartPreventExitStatus=2\n\
         # It asks its workerd itself, and lets requests finish.\n\
         KillMode=mixed\n\
         TimeoutStopSec=20\n\
         \n\
         [Install]\n\
         WantedBy=default.target\n",
        command.join(" "),
        environment.join("\n"),
        pattern(environment_file),
    ))
}

/// A word of `ExecStart=` or `Environment=`; `%` begins a specifier.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%"))
}

/// The path of `EnvironmentFile=`: the rest of the line as it is, but for specifiers and wildcards.
fn pattern(path: &str) -> String {
    let mut escaped = String::with_capacity(path.len());
    for c in path.chars() {
        if matches!(c, '*' | '?' | '[' | '\\') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped.replace('%', "%%")
}

/// The words of the command and the environment file of what [`render`] wrote.
pub(super) fn read(text: &str) -> Option<(Vec<String>, Option<String>)> {
    let line = |name: &str| text.lines().find_map(|line| line.strip_prefix(name));
    let mut words = Vec::new();
    let mut rest = line("ExecStart=")?.chars();
    while let Some('"') = rest.by_ref().find(|c| !c.is_whitespace()) {
        let mut word = String::new();
        loop {
            match rest.next()? {
                '"' => break,
                '\\' => word.push(rest.next()?),
                c => word.push(c),
            }
        }
        words.push(word.replace("%%", "%").replace("$$", "$"));
    }
    let environment_file = line("EnvironmentFile=-").map(|path| {
        let mut plain = String::new();
        let mut escaped = path.chars();
        while let Some(c) = escaped.next() {
            plain.extend(if c == '\\' { escaped.next() } else { Some(c) });
        }
        plain.replace("%%", "%")
    });
    Some((words, environment_file))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(program: &str, argument: &str) -> Job {
        Job {
            program: program.into(),
            arguments: vec!["start".to_owned(), argument.to_owned()],
            environment: vec![("A".to_owned(), "1 $2 %3".to_owned())],
            environment_file: "/h/a b/50%[x].env".into(),
            logs: "/h/logs".into(),
        }
    }

    #[test]
    fn nothing_in_a_path_means_anything() {
        let unit = render(&job("/opt/a b/$x/r", r#"--config=/c/it's "50%" $HOME\x.json"#)).unwrap();
        let line = r#"ExecStart="/opt/a b/$x/r" "start" "--config=/c/it's \"50%%\" $$HOME\\x.json""#;
        assert!(unit.lines().any(|said| said == line), "{unit}");
        assert!(unit.lines().any(|said| said == r#"Environment="A=1 $2 %%3""#), "{unit}");
        assert!(unit.lines().any(|said| said == r"EnvironmentFile=-/h/a b/50%%\[x].env"), "{unit}");
    }

    #[test]
    fn what_is_written_can_be_read() {
        let argument = r#"--state-dir=/c/it's "50%" $HOME\x"#;
        let unit = render(&job("/opt/a b/r", argument)).unwrap();
        let words = ["/opt/a b/r", "start", argument].map(str::to_owned).to_vec();
        assert_eq!(read(&unit), Some((words, Some("/h/a b/50%[x].env".to_owned()))));
    }

    #[test]
    fn no_path_begins_another_line() {
        assert!(render(&job("/r", "--config=/c\nExecStartPre=/bin/evil")).is_none());
        assert!(render(&job("/r\r", "x")).is_none());
    }
}
