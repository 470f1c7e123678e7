//! The message structures of the events that have a map, as HL7 v2 has them (chapters 2-4, 6-12, appendix A): of all versions from
//! 2.3 to 2.9 together, so that a segment which one of them allows is no fault.

/// What several structures share.
pub(super) const PARTS: &[(&str, &str)] = &[
    ("head", "MSH [{ARV}] [{SFT}] [{UAC}] [{NTE}]"),
    ("roles", "[{<ARV|ROL|PRT>}]"),
    ("person", "PID [PD1] @roles [{NTE}] [{OH1}] [{OH2}] [OH3] [{OH4}]"),
    ("kin", "[{NK1 @roles [{OH2}] [OH3]}]"),
    ("stay", "PV1 [PV2] @roles"),
    ("seen", "[{OBX [{<PRT|NTE>}]}]"),
    // In whichever order: versions differ.
    ("beside", "[{<NTE|ARV|ROL|PRT|(TQ1 [{TQ2}])>}]"),
    ("document", "[{OBX [{<PRT|NTE>}]} TXA]"),
    ("clinic", "[{DB1}] @seen [{<AL1|IAM>}] [{DG1}] [DRG] [{PR1 @roles}] [{GT1}] @cover [ACC] [UB1] [UB2] [PDA]"),
    ("cover", "[{IN1 [IN2] [{IN3}] @roles [{AUT}] [{RF1}]}]"),
    ("times", "[{TQ1 [{TQ2}]}]"),
    // A patient of an order or a result.
    ("subject", "@person @kin @seen [@stay] [{DB1}] @cover [{GT1}] [{<AL1|IAM>}] [{DG1}]"),
    ("sample", "{SPM [{NTE}] [{PRT}] @seen [{SAC [{NTE}] @seen [INV]}]}"),
    ("earlier", "[{[PID [PD1] @roles] [@stay] [{AL1}] {[ORC @roles] OBR @beside [CTD] {OBX [{<PRT|NTE>}]}}}]"),
    ("service", "OBR [TCD] @beside [CTD] [{DG1}] @seen"),
    ("drug", "@beside {RXR~} [{RXC [{NTE}]}] [{CDO}] @seen"),
    ("diet", "{<ODS|ODT>} [{NTE}] @seen"),
    ("supply", "RQD [RQ1] [{NTE}] @seen"),
    // Any order.
    ("detail", "<OBR [TCD]|RXO @beside [{RXR}]|@supply|@diet> @beside [{RXR}] [{RXC}] [CTD] [{DG1}] @seen"),
    ("charged", "[{<FT1|CTI|BLG>}]"),
    ("plan", "[{NTE}] [{VAR}] [{<ROL|PRT> [{VAR}]}]"),
    ("ordered", "[{ORC [<@detail|RXE|RXD|RXG|RXA> [{NTE}] [{VAR}] @seen]}]"),
];

/// Each structure with its segments.
pub(super) const STRUCTURES: &[(&str, &str)] = &[
    // Chapter 2
    ("ACK", "@head MSA [{ERR}]"),
    // Chapter 3
    ("ADT_A01", "@head EVN @person @kin @stay @clinic"),
    ("ADT_A02", "@head EVN @person @stay [{DB1}] @seen [PDA]"),
    (
        "ADT_A03",
        "@head EVN @person @kin @stay [{DB1}] [{<AL1|IAM>}] [{DG1}] [DRG] [{PR1 @roles}] @seen [{GT1}] @cover [ACC] [PDA]",
    ),
    ("ADT_A05", "@head EVN @person @kin @stay @clinic"),
    ("ADT_A28", "@head EVN @person @kin PV1~ [PV2] @roles @clinic"),
    ("ADT_A06", "@head EVN @person [MRG] @kin @stay @clinic"),
    ("ADT_A09", "@head EVN @person @stay [{DB1}] @seen [{DG1}]"),
    ("ADT_A12", "@head EVN @person @stay [{DB1}] @seen [{DG1}]"),
    ("ADT_A15", "@head EVN @person @stay [{DB1}] @seen [{DG1}]"),
    ("ADT_A16", "@head EVN @person @kin @stay @clinic"),
    ("ADT_A17", "@head EVN @person @stay [{DB1}] @seen @person @stay [{DB1}] @seen"),
    ("ADT_A18", "@head EVN @person MRG PV1~"),
    ("ADT_A20", "@head EVN NPU"),
    ("ADT_A21", "@head EVN @person @stay [{DB1}] @seen"),
    ("ADT_A29", "@head EVN @person PV1~ [PV2] @roles [{DB1}] @seen"),
    ("ADT_A24", "@head EVN @person [PV1] [{DB1}] @person [PV1] [{DB1}]"),
    ("ADT_A30", "@head EVN @person MRG"),
    ("ADT_A37", "@head EVN @person [PV1] [{DB1}] @person [PV1] [{DB1}]"),
    ("ADT_A38", "@head EVN @person @stay [{DB1}] @seen [{DG1}] [DRG]"),
    ("ADT_A39", "@head EVN {@person MRG [PV1]}"),
    ("ADT_A43", "@head EVN {@person MRG}"),
    ("ADT_A45", "@head EVN @person {MRG PV1}"),
    ("ADT_A50", "@head EVN @person MRG PV1"),
    ("ADT_A52", "@head EVN @person @stay"),
    ("ADT_A60", "@head EVN @person [@stay] [{IAM [{NTE}] [{IAR [{NTE}]}]}]"),
    ("ADT_A61", "@head EVN @person @stay"),
    // Chapter 4
    ("ORM_O01", "@head [@subject] {ORC @beside [@detail] [{SPM [{OBX}] [{SAC}]}] @charged}"),
    ("OMG_O19", "@head [@subject] {ORC @beside @service [@sample] @earlier @charged}"),
    ("OMI_O23", "@head [@subject] {ORC @beside @service {IPC~}}"),
    ("OML_O21", "@head [@subject] {ORC @beside [@service [@sample] @earlier] @charged}"),
    ("OML_O33", "@head [@subject] {@sample {ORC @beside [@service @earlier] @charged}}"),
    (
        "OML_O35",
        "@head [@subject] {SPM [{NTE}] [{PRT}] @seen {SAC [{NTE}] @seen {ORC @beside [@service @earlier] @charged}}}",
    ),
    ("OMD_O03", "@head [@subject] {ORC @beside [{<ODS|ODT>} [{NTE}] @seen]}"),
    ("OMN_O07", "@head [@subject] {ORC @beside @supply [BLG]}"),
    ("OMS_O05", "@head [@subject] {ORC @beside @supply [BLG]}"),
    ("OMP_O09", "@head [@subject] {ORC @beside RXO @drug [{FT1}] [BLG]}"),
    ("RDE_O11", "@head [@subject] {ORC @beside [RXO @drug] RXE @drug @charged}"),
    ("RDS_O13", "@head [@subject] {ORC @beside [RXO @drug] [RXE @drug] RXD @drug [{FT1}]}"),
    ("RGV_O15", "@head [@subject] {ORC @beside [RXO @drug] [RXE @drug] {RXG @drug}}"),
    ("RAS_O17", "@head [@subject] {ORC @beside [RXO @drug] [RXE @drug] {{RXA [{PRT}] [{NTE}]} RXR~ @seen} [{CTI}]}"),
    (
        "ORR",
        "@head MSA [{ERR}] [{NTE}] [@person [@stay]] [{[{SPM @seen [{SAC}]}] ORC @beside [<@detail|{<RXE|RXD|RXG|RXA>} [{NTE}] @times [{RXR}] [{RXC}] @seen>] [{SPM [{SAC}]}] [{CTI}]}]",
    ),
    (
        "VXU_V04",
        "@head @person @kin [@stay] [{GT1}] @cover @seen [{[ORC @beside] @times RXA [{PRT}] [RXR] @seen [{NTE}]}]",
    ),
    // Chapter 6
    (
        "BAR_P01",
        "@head EVN @person {[@stay] [{DB1}] @seen [{<AL1|IAM>}] [{DG1}] [DRG] [{PR1 @roles}] [{GT1}] @kin @cover [ACC] [UB1] [UB2] [ABS [{BLC}] [RMI]]}",
    ),
    ("BAR_P02", "@head EVN {@person [PV1] [{DB1}]}"),
    ("BAR_P06", "@head EVN {@person [PV1]}"),
    ("BAR_P12", "@head EVN @person PV1 [{DG1}] [DRG] @seen [{PR1 @roles @seen}]"),
    (
        "DFT_P03",
        "@head EVN @person @roles [@stay] [{DB1}] [{[ORC @beside] @times [OBR [{NTE}]] @seen}] {FT1 @beside [{PR1 @roles}] [{[ORC @beside] @times [OBR [{NTE}]] @seen}]} [{DG1}] [DRG] [{GT1}] @cover [ACC]",
    ),
    (
        "DFT_P11",
        "@head EVN @person @roles [@stay] [{DB1}] [{[ORC @beside] @times [OBR [{NTE}]] @seen}] [{DG1}] [DRG] [{GT1}] @cover [ACC] {FT1 @beside [{PR1 @roles}] [{[ORC @beside] @times [OBR [{NTE}]] @seen}] [{DG1}] [DRG] [{GT1}] @cover}",
    ),
    // Chapter 7
    (
        "ORU_R01",
        "@head {[@subject] {[ORC @beside @document] OBR @beside [CTD] [{OBX [{<PRT|NTE>}]}] [{<FT1|CTI>}] [@sample] [{DEV [{OBX}]}]}} [DSC]",
    ),
    (
        "OUL_R21",
        "@head [@subject] {[SAC [{SID}]] [ORC] OBR [{NTE}] @times [TCD] [{OBX [TCD] [{SID}] [{NTE}]}] [{CTI}]} [DSC]",
    ),
    (
        "OUL_R22",
        "@head [@subject] {@sample {OBR @beside [ORC @beside @document] @beside [{OBX [{<PRT|NTE|TCD|SID|INV>}]}] [{CTI}]}} [{DEV}] [DSC]",
    ),
    (
        "OUL_R23",
        "@head [@subject] {SPM [{NTE}] [{PRT}] @seen {SAC [{NTE}] [INV] @seen {OBR @beside [ORC @beside @document] @beside [{OBX [{<PRT|NTE|TCD|SID|INV>}]}] [{CTI}]}}} [{DEV}] [DSC]",
    ),
    (
        "OUL_R24",
        "@head [@subject] {OBR @beside [ORC @beside @document] @beside [@sample] [{OBX [{<PRT|NTE|TCD|SID|INV>}]}] [{CTI}]} [{DEV}] [DSC]",
    ),
    // Chapter 8
    ("MFN_M02", "@head MFI {MFE [STF] [{PRA}] [{ORG}] [{AFF}] [{LAN}] [{EDU}] [{CER}] [{NTE}]}"),
    ("MFN_M05", "@head MFI {MFE LOC [{LCH}] [{LRL}] [{LDP [{LCH}] [{LCC}]}]}"),
    // Chapter 9
    ("MDM_T01", "@head EVN @person PV1 [PV2] @roles [{ORC @beside OBR [{NTE}]}] TXA [{CON}]"),
    ("MDM_T02", "@head EVN @person PV1 [PV2] @roles [{ORC @beside OBR [{NTE}]}] TXA [{CON}] {OBX [{<PRT|NTE>}]}"),
    // Chapter 10
    (
        "SIU_S12",
        "@head SCH [{TQ1}] [{NTE}] [{@person [@stay] @seen [{DG1}]}] {RGS~ [{AIS [{NTE}]}] [{AIG [{NTE}]}] [{AIL [{NTE}]}] [{AIP [{NTE}]}]}",
    ),
    // Chapter 11
    (
        "REF_I12",
        "@head [RF1 [{AUT [CTD]}]] {PRD~ [{CTD}]} @person @kin [{GT1}] @cover [ACC] [{DG1}] [{DRG}] [{<AL1|IAM>}] [{PR1 [{AUT [CTD]}]}] [{[ORC] OBR [{NTE}] @seen}] [@stay] [{NTE}]",
    ),
    // Chapter 12
    ("PPR_PC1", "@head @person [@stay] {PRB @plan [{PTH [{VAR}]}] @seen [{GOL @plan @seen}] @ordered}"),
    ("PGL_PC6", "@head @person [@stay] {GOL @plan [{PTH [{VAR}]}] @seen [{PRB @plan @seen}] @ordered}"),
    ("PPP_PCB", "@head @person [@stay] {PTH @plan [{PRB @plan @seen [{GOL @plan @seen}] @ordered}]}"),
    ("PPG_PCG", "@head @person [@stay] {PTH @plan [{GOL @plan @seen [{PRB @plan @seen}] @ordered}]}"),
];

/// The structure of an event, and its name in MSH-9.3, which differs where several of ours share one of the standard's.
pub(super) fn of_event(kind: &str, trigger: &str) -> Option<(&'static str, &'static str)> {
    let both = |name: &'static str| Some((name, name));
    match (kind, trigger) {
        ("ACK", _) => both("ACK"),
        ("ADT", "A01" | "A04" | "A08" | "A13") => both("ADT_A01"),
        ("ADT", "A02") => both("ADT_A02"),
        ("ADT", "A03") => both("ADT_A03"),
        ("ADT", "A05" | "A14") => both("ADT_A05"),
        ("ADT", "A28" | "A31") => Some(("ADT_A28", "ADT_A05")),
        ("ADT", "A06" | "A07") => both("ADT_A06"),
        ("ADT", "A09" | "A10" | "A11") => both("ADT_A09"),
        ("ADT", "A12") => both("ADT_A12"),
        ("ADT", "A15") => both("ADT_A15"),
        ("ADT", "A16") => both("ADT_A16"),
        ("ADT", "A17") => both("ADT_A17"),
        ("ADT", "A18") => both("ADT_A18"),
        ("ADT", "A20") => both("ADT_A20"),
        ("ADT", "A21" | "A22" | "A23" | "A25" | "A26" | "A27" | "A32" | "A33") => both("ADT_A21"),
        ("ADT", "A29") => Some(("ADT_A29", "ADT_A21")),
        ("ADT", "A24") => both("ADT_A24"),
        ("ADT", "A30" | "A34" | "A35" | "A36" | "A46" | "A47" | "A48" | "A49") => both("ADT_A30"),
        ("ADT", "A37") => both("ADT_A37"),
        ("ADT", "A38") => both("ADT_A38"),
        ("ADT", "A39" | "A40" | "A41" | "A42") => both("ADT_A39"),
        ("ADT", "A43" | "A44") => both("ADT_A43"),
        ("ADT", "A45") => both("ADT_A45"),
        ("ADT", "A50" | "A51") => both("ADT_A50"),
        ("ADT", "A52" | "A53" | "A55") => both("ADT_A52"),
        ("ADT", "A54") => Some(("ADT_A52", "ADT_A54")),
        ("ADT", "A60") => both("ADT_A60"),
        ("ADT", "A61" | "A62") => both("ADT_A61"),
        ("BAR", "P01") => both("BAR_P01"),
        ("BAR", "P05") => Some(("BAR_P01", "BAR_P05")),
        ("BAR", "P02") => both("BAR_P02"),
        ("BAR", "P06") => both("BAR_P06"),
        ("BAR", "P12") => both("BAR_P12"),
        ("DFT", "P03") => both("DFT_P03"),
        ("DFT", "P11") => both("DFT_P11"),
        ("MDM", "T01" | "T03" | "T05" | "T07" | "T09" | "T11") => both("MDM_T01"),
        ("MDM", "T02" | "T04" | "T06" | "T08" | "T10") => both("MDM_T02"),
        ("MFN", "M02") => both("MFN_M02"),
        ("MFN", "M05") => both("MFN_M05"),
        ("OMD", "O03") => both("OMD_O03"),
        ("OMG", "O19") => both("OMG_O19"),
        ("OMI", "O23") => both("OMI_O23"),
        ("OML", "O21") => both("OML_O21"),
        ("OML", "O33") => both("OML_O33"),
        ("OML", "O35") => both("OML_O35"),
        ("OMN", "O07") => both("OMN_O07"),
        ("OMP", "O09") => both("OMP_O09"),
        ("OMS", "O05") => both("OMS_O05"),
        ("ORM", "O01") => both("ORM_O01"),
        ("ORD", "O04") => Some(("ORR", "ORD_O04")),
        ("ORG", "O20") => Some(("ORR", "ORG_O20")),
        ("ORI", "O24") => Some(("ORR", "ORI_O24")),
        ("ORL", "O22") => Some(("ORR", "ORL_O22")),
        ("ORL", "O34") => Some(("ORR", "ORL_O34")),
        ("ORL", "O36") => Some(("ORR", "ORL_O36")),
        ("ORN", "O08") => Some(("ORR", "ORN_O08")),
        ("ORP", "O10") => Some(("ORR", "ORP_O10")),
        ("ORR", "O02") => Some(("ORR", "ORR_O02")),
        ("ORS", "O06") => Some(("ORR", "ORS_O06")),
        ("RRA", "O02" | "O18") => Some(("ORR", "RRA_O18")),
        ("RRD", "O02" | "O14") => Some(("ORR", "RRD_O14")),
        ("RRE", "O02" | "O12" | "O26") => Some(("ORR", "RRE_O12")),
        ("RRG", "O02" | "O16") => Some(("ORR", "RRG_O16")),
        ("ORU", "R01") => both("ORU_R01"),
        ("ORU", "R30" | "R31" | "R32" | "R40") => {
            Some(("ORU_R01", if trigger == "R40" { "ORU_R01" } else { "ORU_R30" }))
        }
        ("OUL", "R21") => both("OUL_R21"),
        ("OUL", "R22") => both("OUL_R22"),
        ("OUL", "R23") => both("OUL_R23"),
        ("OUL", "R24") => both("OUL_R24"),
        ("PGL", "PC6" | "PC7" | "PC8") => both("PGL_PC6"),
        ("PPG", "PCG" | "PCH" | "PCJ") => both("PPG_PCG"),
        ("PPP", "PCB" | "PCC" | "PCD") => both("PPP_PCB"),
        ("PPR", "PC1" | "PC2" | "PC3") => both("PPR_PC1"),
        ("RAS", "O01" | "O17") => both("RAS_O17"),
        ("RDE", "O01" | "O11" | "O25") => both("RDE_O11"),
        ("RDS", "O01" | "O13") => both("RDS_O13"),
        ("RGV", "O01" | "O15") => both("RGV_O15"),
        ("REF", "I12" | "I13" | "I14" | "I15") => both("REF_I12"),
        ("SIU", "S12" | "S13" | "S14" | "S15" | "S16" | "S17" | "S18" | "S19" | "S20" | "S21" | "S22") => {
            both("SIU_S12")
        }
        ("SIU", "S23" | "S24" | "S26" | "S27") => both("SIU_S12"),
        ("VXU", "V04") => both("VXU_V04"),
        _ => None,
    }
}
