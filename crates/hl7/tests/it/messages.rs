use crate::data::Unpacked;
use hl7::{Message, ParseOptions};

#[test]
fn every_message_parses_and_writes_back_the_same_bytes() {
    let Some(unpacked) = Unpacked::new("messages.tar.xz", "parse") else { return };
    let files = unpacked.files();
    assert_eq!(files.len(), 139);
    for (name, bytes) in files {
        let message =
            Message::parse(&bytes, &ParseOptions::default()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let (kind, trigger) = message.event();
        assert!(kind.len() == 3 && trigger.len() == 3, "{name}: {kind}^{trigger}");
        assert!(message.all().len() >= 3, "{name}");
        let mut written = Vec::new();
        message.write(&mut written);
        assert!(written == bytes, "{name}");
        for issue in message.issues() {
            println!("{name}: {issue}");
        }
    }
}
