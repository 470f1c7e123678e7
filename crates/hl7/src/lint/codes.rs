//! Tables of codes (HL7 v2, chapter 2C; before 2.8 each chapter's own), of all versions together.
//!
//! A table of HL7 is the standard's: another code is a warning. A user's table is a suggestion: another code is a note.

/// Who says what a table holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keeper {
    Hl7,
    User,
}

use Keeper::{Hl7, User};

const TABLES: &[(u16, Keeper, &str)] = &[
    (1, User, "A F M N O U X"),
    (2, User, "A B C D E G I M N O P R S T U W"),
    (3, User, ""),
    (4, User, "B C E I N O P R U"),
    (7, User, "A C E L N R U"),
    (8, Hl7, "AA AE AR CA CE CR"),
    (17, User, "AJ CD CG CO PY RD"),
    (38, Hl7, "A CA CM DC ER HD IP RP SC"),
    (52, User, "A F W"),
    (61, Hl7, "BCV ISO M10 M11 NPI"),
    (62, User, "01 02 03 O U"),
    (
        63,
        User,
        "ASC BRO CGV CHD DEP DOM EMC EME EMR EXF FCH FND FTH GCH GRD GRP MGR MTH NCH NON OAD OTH OWN PAR SCH SEL SIB SIS SPO TRA UNK WRD",
    ),
    (65, Hl7, "A G L O P R S"),
    (
        74,
        Hl7,
        "AU BG BLB CG CH CP CT CTH CUS EC EN GE HM ICU IMG IMM LAB MB MCB MYC NMR NMS NRS OSL OT OTH OUS PAR PAT PF PHR PHY PT RAD RC RT RUS RX SP SR TX \
         URN VR VUS XRC",
    ),
    (
        76,
        Hl7,
        "ACK ADR ADT BAR BPS BRP BRT BTS CCF CCI CCM CCQ CCR CCU CQU CRM CSU DBC DBU DEL DEO DER DFT DOC DPR DRC DRG DSR EAC EAN EAR EDR EHC EQQ ERP ESR \
         ESU INR INU ITM LSR LSU MCF MDM MFD MFK MFN MFQ MFR NMD NMQ NMR OMB OMD OMG OMI OML OMN OMP OMQ OMS OPL OPR OPU ORA ORB ORD ORF ORG ORI ORL ORM \
         ORN ORP ORR ORS ORU ORX OSM OSQ OSR OSU OUL PEX PGL PIN PMU PPG PPP PPR PPT PPV PRR PTR QBP QCK QCN QRY QSB QSX QVR RAR RAS RCI RCL RDE RDR RDS \
         RDY REF RER RGR RGV ROR RPA RPI RPL RPR RQA RQC RQI RQP RRA RRD RRE RRG RRI RSP RTB SCN SDN SDR SIU SLN SLR SMD SPQ SQM SQR SRM SRR SSR SSU STC \
         STI SUR TBR TCR TCU UDM VQQ VXQ VXR VXU VXX",
    ),
    (
        78,
        User,
        "< > A AA AC B CAR D DET E EX EXP H H> HH HM HU HX I IE IND L L< LL LU LX MS N NCL ND NEG NR NS NULL OBX POS QCF R RR S SDD SYN-R SYN-S TOX U UNE \
         VS W WR",
    ),
    (80, Hl7, "A B N R S"),
    (85, Hl7, "A B C D F I N O P R S U V W X"),
    (103, Hl7, "D N P T"),
    (104, Hl7, "2.0 2.0D 2.1 2.2 2.3 2.3.1 2.3.2 2.4 2.5 2.5.1 2.6 2.7 2.7.1 2.8 2.8.1 2.8.2 2.9 2.9.1"),
    (105, Hl7, "L O P"),
    (116, User, "C H I K O U"),
    (
        119,
        Hl7,
        "AF CA CH CN CP CR DC DE DF DR FU HD HR LI MC NA NR NW OC OD OE OF OH OK OP OR PA PR PY RC RE RF RL RO RP RQ RR RU SC SN SR SS UA UC UD UF UH UM \
         UN UR UX VP XO XR XX",
    ),
    (121, Hl7, "D E F N R T"),
    (123, Hl7, "A C F I M N O P R S U X Y Z"),
    (124, Hl7, "CART PORT WALK WHLC"),
    (
        125,
        Hl7,
        "AD AUI CCD CCP CD CE CF CK CN CNE CNN CP CQ CSU CWE CX DDI DIN DLD DLN DLT DR DT DTM DTN ED EI EIP ELD ERL FC FN FT GTS HD ICD ID IS JCC LA1 LA2 \
         MA MF MO MOC MOP MSG NA NDL NM NR OCD OG OSD OSP PIP PL PLN PN PPN PRL PT PTA QIP QSC RCD RFR RI RMC RP RPT SAD SCV SI SN SPD SPS SRT ST TM TN TQ \
         TS TX UVC VH VID VR WVI WVS XAD XCN XON XPN XTN",
    ),
    (127, User, "AA DA EA FA LA MA MC PA"),
    (128, User, "MI MO SV U"),
    (131, User, "C E F I K N O S U"),
    (136, Hl7, "N Y"),
    (155, Hl7, "AL ER NE SU"),
    (159, Hl7, "D P S"),
    (160, Hl7, "EARLY GUEST LATE MSG NO TPN"),
    (161, Hl7, "G N T"),
    (166, Hl7, "A B"),
    (167, Hl7, "0 1 2 3 4 5 7 8 G N T"),
    (
        175,
        Hl7,
        "CDM CLN CMA CMB INV LOC MACP MLCP MLCP0 MLCP1 OM1 OM2 OM3 OM4 OM5 OM6 OMA OMB OMC OMD OME OMM OMS PRA STF",
    ),
    (178, Hl7, "REP UPD"),
    (179, Hl7, "AL ER NE SU"),
    (180, Hl7, "MAC MAD MDC MDL MUP"),
    (183, User, "A I"),
    (189, User, "H N U"),
    (190, Hl7, "B BA BDL BI BR C F H HV L M N O P RH S SH TM V"),
    (191, Hl7, "AP AU FT IM MULTIPART NS SD SI TEXT TX"),
    (200, Hl7, "A B BAD BDL C D F I K L M MSK N NAV NB NOUSE P R REL S T TEMP U"),
    (201, Hl7, "ASN BPN EMR NET ORN PRN PRS VHN WPN"),
    (202, Hl7, "BP CP FX INTERNET MD PH SAT TDD TTY X.400"),
    (
        203,
        User,
        "AC ACSN AIN AM AMA AN AND ANON ANT AP APRN ASID BA BC BCFN BCT BR BRN BSNR CC CONM CY CZ DC DCFN DDS DEA DFN DI DL DN DO DP DPM DR DS DSG EI EN \
         ESN FDR FDRFN FGN FI FILL GI GL GN HC IND IRISTEM JHN LACSN LANR LI LN LR MA MB MC MCD MCN MCR MCT MD MI MR MRT MS NBSNR NCT NE NH NI NII NIIP NP \
         NPI OBI OD PA PC PCN PE PEN PGN PHC PHE PHO PI PIN PLAC PN PNT PPIN PPN PRC PRN PT QA RI RN RPH RR RRI RRP SAMN SB SID SL SN SNBSN SNO SP SR SRX \
         SS STN TAX TN TPR TRL U UDI UPIN USID VN VP VS WC WCN WP XV XX",
    ),
    (204, User, "A D L SL"),
    (206, Hl7, "A D S U X"),
    (207, Hl7, "A I R T"),
    (224, Hl7, "A N U"),
    (225, Hl7, "N R U"),
    (270, User, "AR CD CN DI DS ED HP OP PC PH PN PR SP TS"),
    (271, Hl7, "AU DI DO IN IP LA PA"),
    (273, Hl7, "AV CA OB UN"),
    (275, Hl7, "AA AC AR PU"),
    (278, Hl7, "BLOCKED BOOKED CANCELLED COMPLETE DC DELETED NOSHOW OVERBOOK PENDING STARTED WAITLIST"),
    (280, User, "A R S"),
    (281, User, "HOM LAB MED PSY RAD SKN"),
    (282, User, "AM RP SO WR"),
    (283, User, "A E P R"),
    (284, User, "A E I O"),
    (286, User, "CP PP RP RT"),
    (287, Hl7, "AD CO DE LI UC UN UP"),
    (301, Hl7, "CAP CEN CLIA CLIP DNS EUI64 GUID HCD HL7 ISO L M N NPI RANDOM URI UUID X400 X500"),
    (322, Hl7, "CP NA PA RE"),
    (323, Hl7, "A D U X"),
    (364, User, "1R 2R AI DR GI GR PI RE"),
    (438, User, "C D E I P S U"),
    (444, Hl7, "F G"),
    (465, Hl7, "A I P"),
    (482, Hl7, "I O"),
    (483, Hl7, "EL EM FX IP MA PA PH RE VC VO"),
    (485, User, "A C P PRN R S T"),
    (516, Hl7, "E F I W"),
];

/// Who keeps a table, and its codes in capitals; `None` if we do not have it. A table without codes lists too many to be held.
pub(super) fn table(number: u16) -> Option<(Keeper, &'static str)> {
    TABLES.iter().find(|(known, ..)| *known == number).map(|(_, keeper, codes)| (*keeper, *codes))
}

/// Whether a code is of a table: `None` if it is, or if that cannot be told.
pub(crate) fn stranger(number: u16, code: &str) -> Option<Keeper> {
    let (keeper, codes) = table(number)?;
    let is_there = codes.is_empty() || codes.split_whitespace().any(|known| known.eq_ignore_ascii_case(code));
    // A priority may be followed by a time: TS10, TM15, PRN2.
    let is_timed = number == 485 && code.starts_with(['T', 'P', 't', 'p']);
    (!is_there && !is_timed).then_some(keeper)
}

/// The first codes of a table, to be named in an advice.
pub(super) fn some(number: u16) -> String {
    const NAMED: usize = 12;
    let codes = table(number).map_or("", |(_, codes)| codes);
    let first: Vec<&str> = codes.split_whitespace().take(NAMED).collect();
    let more = codes.split_whitespace().nth(NAMED).is_some();
    first.join(", ") + if more { ", …" } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_in_order_and_their_codes_are_capitals() {
        for pair in TABLES.windows(2) {
            assert!(pair[0].0 < pair[1].0, "{} before {}", pair[0].0, pair[1].0);
        }
        for (number, _, codes) in TABLES {
            assert_eq!(*codes, codes.to_uppercase(), "{number}");
        }
    }

    #[test]
    fn a_code_is_known_in_lower_case_and_a_priority_with_its_time() {
        assert_eq!((stranger(85, "f"), stranger(85, "Q")), (None, Some(Hl7)));
        assert_eq!((stranger(1, "D"), stranger(485, "TS10"), stranger(9999, "?")), (Some(User), None, None));
        assert_eq!(some(136), "N, Y");
    }
}
