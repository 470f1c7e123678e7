//! Messages with fields exchanged for anything: the map never panics, and what it makes stays R4.

use super::*;
use proptest::prelude::*;

const MESSAGES: [&str; 5] = [
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
}
