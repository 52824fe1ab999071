//! What is run for a deployment.

use super::*;

fn deployment() -> Deployment {
    Deployment {
        hosts: vec!["web1".to_owned()],
        user: Some("deploy".to_owned()),
        port: Some(2222),
        ssh_options: vec!["BatchMode=yes".to_owned()],
        repo: "git@example.org:it's.git".to_owned(),
        path: "~/app".to_owned(),
        git_ref: "origin/main".to_owned(),
        env: [("node_env".to_owned(), "it's".to_owned())].into_iter().collect(),
        pre_deploy: Some("npm ci".to_owned()),
        ..Deployment::default()
    }
}

fn shown(steps: &[Step]) -> String {
    steps.iter().fold(String::new(), |all, step| format!("{all}# {}\n{}\n", step.name, step.script))
}

#[test]
fn a_set_up_and_an_update() {
    let to = deployment();
    let setup = steps(&Action::Setup, &to, "rpm startOrRestart x");
    let update = steps(&Action::Update, &to, "rpm startOrRestart x");
    insta::assert_snapshot!(format!("{}{}", shown(&setup), shown(&update)));
}

#[test]
fn the_way_to_a_machine() {
    let to = deployment();
    let machine = Machine { host: "web1", to: &to };
    assert_eq!(machine.ssh_args().join(" "), "-o BatchMode=yes -p 2222 -l deploy -- web1");
}

#[test]
fn every_script_is_of_bashs_grammar() {
    let to = deployment();
    let actions = [
        Action::Setup,
        Action::Update,
        Action::Ref(String::new()),
        Action::Revert(2),
        Action::Current,
        Action::Previous,
        Action::List,
        Action::Exec("ls | wc -l".to_owned()),
    ];
    let steps = actions.iter().flat_map(|action| steps(action, &to, "true"));
    for script in steps.map(|step| step.script).chain([LOCAL_CHECK.to_owned()]) {
        let status = std::process::Command::new("bash").args(["-n", "-c", &script]).status();
        assert!(status.unwrap().success(), "{script}");
    }
}
