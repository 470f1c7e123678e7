//! Messages with fields exchanged for anything: the map never panics, and what it makes stays R4.

use super::*;
use proptest::prelude::*;

const MESSAGES: [&str; 17] = [
    "MSH|^~\\&|H||||20240102||ADT^A01|1|P|2.5\rEVN|A01|20240102\rPID|1|2|7^^^H^MR|4|Doe^Ann|M|19800101|F|a|R|1 St^^T|C|555|556|en|M|R|A^^^H|123|D|M|E|B|Y|2|C|V|N|20240101|Y\r\
     PD1|||O^^1|2^G\rNK1|1|K^B|SPO|2 St|555|556|N|20240101|20240102\rPV1|1|I|W^1^2|E|P|W^2^3|1^A|2^B|3^C|S|T^1^1||R|A||V|4^D||V1|||||||||||||||||D|X|E||||F^1|G^1|20240101|20240102\r\
     PV2|W^1||R^A^I10|||||20240101|20240102||3|D|5^E||||||||||||P|||||||||||||M\rROL|1|AD|PP|5^E|20240101|20240102\rOBX|1|NM|A^B^LN|1|5|mg|1-2|H|||F|||20240101\rNTE|1||n\r\
     AL1|1|DA|P^Pen|SV|r|20240101\rIAM|1|DA|P^Pen|SV|r|A|1^H|||||20240101|t|20240101||||active\rDG1|1|I10|K^A|d|20240101|A|||||||||1|1^A|||20240102|X^H|A|Y^H\r\
     PR1|1||P^Q|d|20240101|D||1^A|||2^B|3^C|||R|||I^H\rGT1|1|G^^^H|G^G||A|5|6|19800101|M||SEL|123\rIN1|1|P^N|C^^^H|N|A||5|G|N|||20240101|20240102||T|I^I|SPO|19800101|A||||1||||||||||||||P|||||||M||||||S\rIN2|1|2|||||M1|||MI|||||||||||||||||||||||||||||||||||||||||||||||||||7^^^H\rDB1|1|PT|7^^^H\rACC|20240101|A^B|here|ST|Y|N|1^A|what|who|Y|1 St^^T|50|A1^H\r\
     PDA|I21^A^I10|W^1^2|Y|20240101|1^A|Y|20240101^20240102|2^B|N",
    "MSH|^~\\&|L||||20240102||ORU^R01|1|P|2.5\rPID|1||7^^^H^MR\rPV1|1|I|||||||||||||||||V1\rORC|RE|P^H|F^L|G||CM|||20240101|||1^A\r\
     OBR|1|P^H|F^L|C^D|R|20240101|20240101|20240102|||G||i||BLD^x^y^z||1^A||||||20240101120000||HM|F||||||R|2&B||3&C\rNTE|1|L|n||1^A|20240101\rPRT|1|AD||OP|1^A|||O^^1|W^1|D^L\rTQ1|1||||||20240101|20240102|S\r\
     OBX|1|NM|A^B^LN|1|5|mg|1-2|H|||F|||20240101||1^A|M|D^L||S|I^L||O^^1|A|1^B\rPRT|1|AD||PI|1^A|||O^^1|W^1|D^L\rOBX|2|SN|A^B|1|<^5^-^7|mg|<5|H|||F\rOBX|3|CWE|A|1|A^B^L||||||C\rOBX|4|ED|A|1|a^AP^PDF^Base64^AAAA||||||F\r\
     OBX|5|TX|A|1|x~y||||||F\rOBX|6|TM|A|1|1200||||||F\rOBX|7|DR|A|1|20240101^20240102||||||F\rSPM|1|S&H^T&L||BLD||A|V|B||||5^mL||d|||20240101^20240102|20240103||Y||||C|||T|||A^^^H|B^^^H",
    "MSH|^~\\&|E||||20240102||VXU^V04|1|P|2.5.1\rPID|1||7^^^H^MR\rORC|RE|P^H|F^L||||||20240101|||1^A\r\
     RXA|0|1|20240101||88^f^CVX|0.5|mL^mL^UCUM||00^N^NIP001|1^A|^^^C||||L|20250101|M^N^MVX|R|I|CP|A|20240101|||||W^1\rPRT|1|AD||AP|1^A|||O^^1\rRXR|IM|LD\rOBX|1|CE|A^B^LN|1|V^W||||||F\rNTE|1||n",
    "MSH|^~\\&|E||||20240102||MDM^T02|1|P|2.5\rPID|1||7^^^H^MR\rPV1|1|O|W\rORC|RE|P|F\rOBR|1|P|F|C\rTXA|1|DS|TX|20240101|1^A|20240101120000|||2^B|3^C||D^H|||O|f.txt|AU|R|AV|||4^D|||T\r\
     OBX|1|TX|A||x~y||||||F\rOBX|2|RP|A||http://a/b^^IM^JPEG||||||F\rNTE|1||n",
    "MSH|^~\\&|H||||20240102||ADT^A40|1|P|2.5\rPID|1||7^^^H^MR\rMRG|8^^^H^MR|9|A^^^H|10|||N^M",
    "MSH|^~\\&|H||||20240102||OML^O21|1|P|2.5\rPID|1||7^^^H^MR||||||||||||||||A1\rPV1|1|I|||||||||||||||||V1\rAL1|1|DA|P^Pen\rIN1|1|P^N|C\r\
     ORC|NW|P^H|F^L|G^H|IP||1^BID^D7^20240101^20240102^S|X&H^Y&L|20240101|5^T||1^A|||||||||O^^1|1 St|555\rTQ1|1|1^mg|BID|1200|5^min|3^d|20240101|20240102|S|c|t||1^h|2\r\
     OBR|1|P^H|F^L|C^D|R|20240101|20240102|||||G||i||BLD^x^y^z||1^A||||||20240101120000||HM|F||1^QD||X&H^Y&L|||R||||||||||||||M|N||||||Z\rNTE|1|L|n\rPRT|1|AD||OP|1^A|||O^^1\rDG1|1||K^A^I10\rOBX|1|NM|A^B^LN|1|5|mg|||||F\r\
     SPM|1|S&H^T&L||BLD\rSAC||A^L|C^L|D^L|T|||||||||||||||||5|7||mL\rOBX|1|ST|A^B^LN|2|x||||||F\rFT1|1|T^F||20240101^20240102|20240103|CG|C^D|t||2|5&EUR|||||||||R|1^A|2^B||F^L|3^C|C^D||||N^D\rORC|RP|P2^H\rOBR|2|P2^H||C\rORC|RO|P3^H\rOBR|3|P3^H||C\rORC|CA|P4^H|F4^L\rPV1|1|O|||||||||||||||||V0\rORC|PR|P5\rOBR|5|P5||C\rOBX|1|NM|A||5||||||F",
    "MSH|^~\\&|H||||20240102||OML^O33|1|P|2.5\rPID|1||7^^^H^MR\rSPM|1|S&H^T&L||BLD\rSAC||A^L|C^L\rORC|NW|P^H\rOBR|1|P^H||C\rORC|NW|Q^H\rOBR|2|Q^H||D\rSPM|2|U\rOBR|3|||E",
    "MSH|^~\\&|H||||20240102||ORM^O01|1|P|2.5\rPID|1||7^^^H^MR\rORC|NW|P^H|||||||20240101|||1^A\rODS|D|B|D^C~E|t~u\rODS|S||F|v\rODS|P||G|w\rNTE|1||n\rORC|HD|R^H\rRQD|1|A^B|C|D|2|EA|||O^P|20240101\rRQ1|1|M|C|V^W\rOBX|1|NM|A||5||||||F",
    "MSH|^~\\&|H||||20240102||RDS^O13|1|P|2.5\rPID|1||7^^^H^MR\rPV1|1|I|||||||||||||||||V1\rORC|NW|P^H|F^L|G^H|IP||1^BID^D7|X&H|20240101|5^T||1^A\rTQ1|1|1^mg|Q6H^^^^^^^AC~PRN|1200~1300|5^min|3^d|20240101|20240102|S|c|t||1^h|2\rTQ1|2||QD\r\
     RXO|A^B|1|2|mg|F^G|i~j|k~l||G||3|mg|4|1^A||||5|mg|R|6|mL/h|7^mg||8|mL||5||||P^Q|1 St|||555\rNTE|1||n\rPRT|1|AD||OP|1^A\rRXR|PO^O|L^M||N\rRXC|A|C^D|1|mg|2|mg||3|mL\rRXC|B|E\r\
     RXE|1^QOD^W2|A^B|1|2|mg|F^G|k~l||G|3|mg|4|1^A||N|||| 7^mg||s||6|mL|8|mg|R||||||||9|mL||||||5|P^Q|1 St||||555\rTQ1|1||TID\rRXR|IV\rRXC|A|C\r\
     RXG|1||1^ONCE|A^B|1|2|mg|F||||| k||6|mL|8|mg|||||R|9|mL\rRXD|1|A^B|20240101|3|mg|F|N||n|1^A|G||||s|8|mg|L|20250101|||||||||9|mL|P^Q|1 St||R|555\rRXR|PO\rRXA|0|1|20240101|20240102|A^B|1|mg|F|n^m|1^A|||8|mg|L|20250101||R|I|CP|A\rRXR|IM\rCDO|1\rOBX|1|NM|A||5||||||F\rFT1|1|||20240101||CG|C",
    "MSH|^~\\&|H||||20240102||SIU^S12|1|P|2.5\rSCH|P^H|F^S|1|||R^E|C^D|N|30|MIN|1^^^20240101120000^20240101130000|1^A||||2^B||||3^C|||||Booked|X^H|Y^L\rTQ1|1||||||20240101120000|20240101130000\rNTE|1||n\rPID|1||7^^^H^MR\rPV1|1|O|||||||||||||||||V1\rDG1|1||K^A^I10\rOBX|1|NM|A||5||||||F\rPID|2||8^^^H^MR\r\
     RGS|1|A|G\rAIS|1|A|C^D|20240101120000|5|min|20|min||Booked\rNTE|1||m\rAIG|1|A|R^S|T||||20240101120000|5|min|20|h||Pending\rAIL|1|A|W^1^2|C|||5|s|20|d||Deleted\rAIP|1|D|1^A|R||20240101120000|5|wk|20|min||Noshow\rAIP|2|A|2^B",
    "MSH|^~\\&|H||||20240102||BAR^P01|1|P|2.5\rEVN|P01|20240102\rPID|1||7^^^H^MR|||||||||||||||A1^^^H\rPV1|1|I||||||||||||||||B^C|V1|||||||||||||||||||||||||20240101|20240102\rDG1|1||K^A\rPR1|1||P^Q||20240101\rGT1|1|G^^^H|G^H\rIN1|1|P^N|C^^^H|N||||G|||||||||T|I^I|SPO||||||2\rPV1|2|O|||||||||||||||||V2\rDG1|1||K^A",
    "MSH|^~\\&|H||||20240102||DFT^P11|1|P|2.5\rEVN|P11|20240102\rPID|1||7^^^H^MR|||||||||||||||A1^^^H\rPV1|1|I|||||||||||||||||V1\rORC|RE|P^H|F^L\rOBR|1|P^H|F^L|C\rOBX|1|NM|A||5||||||F\rFT1|1|T^F||20240101|20240102|CG|C^D|t||2|5&EUR||D^E||||||R|1^A|2^B||F^L|3^C|C||||N\rNTE|1||n\rPR1|1||P^Q\rORC|RE|P2\rDG1|1||K\rIN1|1|P|C\rFT1|2|||20240101||PY|C\rFT1|3|||20240101||CD|C",
    "MSH|^~\\&|H||||20240102||REF^I12|1|P|2.5\rRF1|P|R|M|D|O|R^H|20240101|20240102|20240103|W|X^Y|||t|||||O^^1|1^A||||c\rPRD|RP|N^M|1 St||555||4711^NPI^S^20240101|||O^^2|2 St\rPRD|RT~X|||||||||O^^3|3 St\rPID|1||7^^^H^MR\rDG1|1||K^A\rPR1|1||P\rOBR|1|||C|||20240101120000\rNTE|1||n\rOBX|1|NM|A||5||||||F\rPV1|1|O|||||||||||||||||V1\rNTE|1||m",
    "MSH|^~\\&|H||||20240102||PPR^PC1|1|P|2.5\rPID|1||7^^^H^MR\rPRB|AD|20240101|K^A^I10|I^H|||20240101|20240102|20240103||||C|active||20240101|t|||||||||S\rNTE|1||n\rOBX|1|NM|A||5||||||F\rPTH|AD|P^Q|I^H|20240101|active\rGOL|AD|20240101|G^H|I^H|||20240101|20240102|C|||||||E^F|t~u|active|20240101\rORC|NW|P^H\rOBR|1|P^H||C\rPRB|DE|20240101|L|J\rGOL|DE||M",
    "MSH|^~\\&|H||||20240102||MFN^M02|1|P|2.5\rMFI|PRA\rMFE|MAD|1|20240101|1\rSTF|1^N^H|1^^^H~2^^^I|N^M|T|F|19800101|A|||555|1 St||||a@b.c\rPRA|1||||S^B~T\rMFE|MDC\rSTF|2\rLOC|W^1",
    "MSH|^~\\&|H||||20240102||MFN^M05|1|P|2.5\rMFI|LOC\rMFE|MUP|1|20240101|W\rLOC|W^1^2^H^^^B^L|d|B^C~D|O^^1|1 St|555\rMFE|MDL\rLOC|X",
    "MSH|^~\\&|H||||20240102||ADT^A45|1|P|2.5\rPID|1||7^^^H^MR|||||||||||||||A1^^^H\rMRG|8^^^H^MR~9^^^I|10|A^^^H|11|V1^^^H|V0|N^M\rPV1|1|I|||||||||||||||||V2^^^H\rMRG|8^^^H^MR||A2||V3\rPV1|1|I|||||||||||||||||V3",
];

/// Events that read the same segments otherwise.
const OTHER_EVENTS: [&str; 24] = [
    "ADT^A17", "ADT^A20", "ADT^A24", "ADT^A29", "ADT^A35", "ADT^A36", "ADT^A37", "ADT^A42", "ADT^A43", "ADT^A44",
    "ADT^A47", "ADT^A49", "ADT^A50", "ADT^A60", "MDM^T09", "MDM^T11", "OUL^R22", "OUL^R24", "ORR^O02", "BAR^P06",
    "PGL^PC6", "SIU^S15", "REF^I14", "ORU^R30",
];

fn anything() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "",
            "\"\"",
            " ",
            "^",
            "^^^",
            "&",
            "~",
            "~~x",
            "a b",
            "  a  b ",
            "0",
            "-1",
            "1e5",
            "1e999",
            "99999999999999999999",
            "20240230",
            "2024",
            "20240101120000+0800",
            "20240101120000.1234Z",
            "Y",
            "N",
            "D",
            "X",
            "F",
            "^a",
            "a^^^^^^b",
            "a&b&c^d&e&f^g",
            "1.2.3",
            "1.2.3^x^ISO",
            "http://x y/z",
            "urn:x",
            "\\X00\\",
            "\\.br\\",
            "é",
            "張^三",
            "<",
            ">5",
            "<=5-7",
            "a^b^c^d^e^f^g^h^i^j^k^l^m",
            "A^^^B C&1.2.3&ISO^T^&&",
            "^^^&1.2&ISO",
            "x^^^&notoid&ISO^y",
            "00000000-0000-0000-0000-000000000000^^^a&b&UUID",
            "^NET^Internet^a@b",
            "^^^^^^5",
            "\t",
        ])
        .prop_map(str::to_owned),
        "[a-zA-Z0-9^&~ .:/+-]{0,12}",
        "\\PC{0,8}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn what_is_mapped_is_valid_whatever_the_fields_hold(
        which in 0..MESSAGES.len(),
        changes in prop::collection::vec((0usize..400, anything()), 0..12),
    ) {
        let mut segments: Vec<Vec<String>> =
            MESSAGES[which].split('\r').map(|segment| segment.split('|').map(str::to_owned).collect()).collect();
        let places: Vec<(usize, usize)> = segments
            .iter()
            .enumerate()
            .skip(1)
            .flat_map(|(at, fields)| (1..fields.len()).map(move |field| (at, field)))
            .collect();
        for (place, text) in changes {
            let (segment, field) = places[place % places.len()];
            segments[segment][field] = text.replace(['|', '\r', '\n'], "");
        }
        let text = segments.iter().map(|fields| fields.join("|")).collect::<Vec<_>>().join("\r");
        let message = parse(text.as_bytes());
        if let Ok(Outcome::Mapped(mapped)) = map(&message, &settings()) {
            assert_valid(&mapped);
            for url in mapped.bundle.get("entry").unwrap().items().iter().filter_map(|entry| entry.get("fullUrl")) {
                prop_assert_eq!(url.as_str().unwrap().len(), 45);
            }
        }
    }

    #[test]
    fn what_is_mapped_is_valid_wherever_the_segments_stand(
        which in prop::collection::vec(0..MESSAGES.len(), 1..3),
        event in prop::option::of(0..OTHER_EVENTS.len()),
        moves in prop::collection::vec((0usize..200, 0usize..200, 0u8..4), 0..12),
    ) {
        let mut header = MESSAGES[which[0]].split('\r').next().unwrap().to_owned();
        if let Some(event) = event {
            let mut fields: Vec<&str> = header.split('|').collect();
            fields[8] = OTHER_EVENTS[event];
            header = fields.join("|");
        }
        let mut segments: Vec<&str> = which.iter().flat_map(|which| MESSAGES[*which].split('\r').skip(1)).collect();
        for (from, to, kind) in moves {
            if segments.is_empty() {
                break;
            }
            let (from, to) = (from % segments.len(), to % segments.len());
            match kind {
                0 => { segments.remove(from); }
                1 => segments.swap(from, to),
                2 => segments.insert(to, segments[from]),
                _ => { let segment = segments.remove(from); segments.insert(to.min(segments.len()), segment); }
            }
        }
        let text = format!("{header}\r{}", segments.join("\r"));
        let message = parse(text.as_bytes());
        if let Ok(Outcome::Mapped(mapped)) = map(&message, &settings()) {
            assert_valid(&mapped);
            let mut urls: Vec<String> =
                mapped.resources.iter().map(|resource| resource.key.full_url("his")).collect();
            let count = urls.len();
            urls.sort_unstable();
            urls.dedup();
            prop_assert_eq!(urls.len(), count);
            for place in &mapped.unmapped {
                prop_assert!(message.segments(place.segment.as_str()).count() >= place.occurrence as usize);
            }
        }
    }
}

/// What is made of a message grows as the message does.
#[test]
fn a_message_of_many_segments_makes_no_more_than_so_many_times_of_each() {
    let size = |message: &str, times: usize| {
        let (header, rest) = message.split_once('\r').unwrap();
        let (first, rest) = rest.split_once('\r').unwrap_or((rest, ""));
        let text = format!("{header}\r{first}{}", format!("\r{rest}").repeat(times));
        match map(&parse(text.as_bytes()), &settings()) {
            Ok(Outcome::Mapped(mapped)) => mapped.bundle.to_string().len(),
            _ => 0,
        }
    };
    for message in MESSAGES {
        let (few, many) = (size(message, 4), size(message, 64));
        assert!(few > 0, "{}", &message[..60]);
        assert!(many <= few * 24, "{few} bytes of 4, {many} of 64: {}", &message[..60]);
    }
}
