//! Lines as Node, Bun and strangers write them.

use super::*;
use proptest::prelude::*;

fn of(line: &str) -> Message<'_> {
    parse(line.as_bytes()).0
}

fn queried(line: &str) -> Query {
    match of(line) {
        Message::Query(query) => *query,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_comes_with_each_connection() {
    assert_eq!(of(r#"{"cmd":"NODE_HANDLE_ACK"}"#), Message::HandleAck);
    assert_eq!(of(r#"{"cmd":"NODE_HANDLE_NACK"}"#), Message::HandleNack);
    let taken = r#"{"cmd":"NODE_CLUSTER","ack":115343360000001,"accepted":true,"seq":4}"#;
    assert_eq!(of(taken), Message::Answer { seq: 115_343_360_000_001, accepted: true });
    let refused = r#"{"seq":4,"accepted":false,"cmd":"NODE_CLUSTER","ack":7}"#;
    assert_eq!(of(refused), Message::Answer { seq: 7, accepted: false });
}

#[test]
fn the_life_of_a_worker() {
    assert_eq!(of(r#"{"cmd":"NODE_CLUSTER","act":"online","seq":0}"#), Message::Online);
    let bun = "\u{2}{\"cmd\":\"NODE_CLUSTER\",\"act\":\"online\"}";
    assert_eq!(parse(bun.as_bytes()), (Message::Online, true));
    assert_eq!(
        of(r#"{"cmd":"NODE_CLUSTER","act":"listening","port":1,"seq":2}"#),
        Message::Listening
    );
    assert_eq!(
        of(r#"{"cmd":"NODE_CLUSTER","act":"close","key":"k12","seq":3}"#),
        Message::Close(Some(ListenerId(12)))
    );
    assert_eq!(of(r#"{"cmd":"NODE_CLUSTER","act":"close","key":"x"}"#), Message::Close(None));
    assert_eq!(
        of(r#"{"cmd":"NODE_CLUSTER","act":"exitedAfterDisconnect","seq":9}"#),
        Message::Leaving { seq: Some(9) }
    );
}

#[test]
fn apps_say_what_they_like() {
    assert_eq!(of("\"ready\""), Message::Ready);
    for text in ["5", "null", "\"Ready\"", r#"{"cmd":"node"}"#, r#"{"cmd":"NODE_"}"#] {
        assert_eq!(of(text), Message::App(text));
    }
    for text in [r#"{"cmd":5,"x":"NODE_CLUSTER"}"#, r#"{"x":{"cmd":"NODE_CLUSTER"}}"#] {
        assert_eq!(of(text), Message::App(text));
    }
    assert_eq!(of(r#"{"cmd":"NODE_SOCKET_ALL"}"#), Message::Internal);
    assert_eq!(of(r#"ready"}"#), Message::Garbage);
    assert_eq!(parse(b"\"\xff\"").0, Message::Garbage);
    let handle = r#"{"cmd":"NODE_HANDLE","type":"net.Socket","msg":{"a": 1},"key":"x"}"#;
    assert_eq!(of(handle), Message::Handle(Some(r#"{"a": 1}"#)));
}

#[test]
fn servers_ask_to_listen() {
    let tcp = queried(
        r#"{"cmd":"NODE_CLUSTER","act":"queryServer","index":3,"data":null,"address":null,"port":3000,"addressType":4,"backlog":0,"seq":1}"#,
    );
    assert_eq!((tcp.seq, tcp.identity.port, tcp.identity.index), (1, 3000, 0));
    assert_eq!((tcp.identity.kind, tcp.identity.address), (AddressKind::Tcp, None));
    let any = queried(
        r#"{"cmd":"NODE_CLUSTER","act":"queryServer","index":3,"data":{"ticketKeys":"aa"},"address":"::","port":0,"addressType":6,"flags":1,"seq":1}"#,
    );
    assert_eq!((any.identity.index, any.v6_only), (3, true));
    assert_eq!(any.data["ticketKeys"], "aa");
    let unix = queried(
        r#"{"cmd":"NODE_CLUSTER","act":"queryServer","index":0,"data":null,"address":"/tmp/x","port":-1,"addressType":-1,"readableAll":true,"seq":1}"#,
    );
    assert_eq!((unix.identity.kind, unix.readable_all), (AddressKind::Unix, true));
    let udp = queried(
        r#"{"cmd":"NODE_CLUSTER","act":"queryServer","index":0,"data":null,"address":"0.0.0.0","port":53,"addressType":"udp4","fd":-1,"flags":4,"seq":1}"#,
    );
    assert_eq!((udp.identity.kind, udp.reuse_address), (AddressKind::Udp, true));
    let fd = queried(
        r#"{"cmd":"NODE_CLUSTER","act":"queryServer","index":0,"data":null,"address":null,"port":null,"addressType":null,"fd":5,"seq":1}"#,
    );
    assert_eq!((fd.identity.kind, fd.identity.fd), (AddressKind::Fd, Some(5)));
    let strange = r#"{"cmd":"NODE_CLUSTER","act":"queryServer","seq":1}"#;
    assert_eq!(of(strange), Message::Internal);
}

proptest! {
    #[test]
    fn nothing_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        parse(&bytes);
    }

    #[test]
    fn nor_does_anything_like_a_message(
        act in "online|listening|close|queryServer|exitedAfterDisconnect|x",
        fields in proptest::collection::vec(
            (
                "seq|ack|accepted|key|address|port|addressType|fd|flags|index|data|backlog|act|cmd",
                prop_oneof![
                    Just("null".to_owned()), Just("true".to_owned()), Just("{}".to_owned()),
                    any::<i64>().prop_map(|n| n.to_string()), Just("1e400".to_owned()),
                    "[a-z]{0,4}".prop_map(|text| format!("{text:?}")), Just("\"udp4\"".to_owned()),
                ],
            ),
            0..8,
        ),
    ) {
        let mut line = format!(r#"{{"cmd":"NODE_CLUSTER","act":"{act}""#);
        for (name, value) in fields {
            line = line + ",\"" + name.as_str() + "\":" + &value;
        }
        line.push('}');
        parse(line.as_bytes());
    }
}
