//! Chapters 4 and 4A (orders, pharmacy).

use super::Chapter;

pub(super) const CHAPTER_4: Chapter = (
    "HL7 v2, chapter 4",
    &[
        (
            "ORC",
            "1 ID R T0119, 2 EI, 3 EI, 4 EI, 5 ID T0038, 6 ID T0121, 7 TQ *, 8 EIP *, 9 TS, 10 XCN *, 11 XCN *, 12 XCN *, 13 PL, 14 XTN *, 15 TS, 16 CE, \
             17 CE, 18 CE, 19 XCN *, 20 CE, 21 XON *, 22 XAD *, 23 XTN *, 24 XAD *, 25 CWE, 26 CWE, 27 TS, 28 CWE, 29 CWE T0482, 30 CNE T0483, 31 CWE",
        ),
        (
            "OBR",
            "1 SI, 2 EI, 3 EI, 4 CE R, 5 ID T0485, 6 TS, 7 TS, 8 TS, 9 CQ, 10 XCN *, 11 ID T0065, 12 CE, 13 ST *2.9, 14 TS, 15 SPS, 16 XCN *, 17 XTN *, \
             18 ST, 19 ST, 20 ST, 21 ST, 22 TS, 24 ID T0074, 25 ID T0123, 27 TQ *, 28 XCN *, 29 EIP *, 30 ID T0124, 31 CE *, 32 NDL, 33 NDL *, 34 NDL *, \
             35 NDL *, 36 TS, 37 NM, 38 CE *, 39 CE *, 40 CE, 41 ID T0224, 42 ID T0225, 43 CE *, 44 CE, 45 CE *, 46 CE *, 47 CE *, 48 CWE",
        ),
        (
            "TQ1",
            "1 SI, 2 CQ, 3 RPT *, 4 TM *, 5 CQ *, 6 CQ *, 7 TS, 8 TS, 9 CWE * T0485, 10 TX, 11 TX, 12 ID, 13 CQ, 14 NM",
        ),
        ("ODS", "1 ID R T0159, 2 CE *, 3 CE * R, 4 ST *"),
        ("ODT", "1 CE R T0160, 2 CE *, 3 ST"),
        ("RQD", "1 SI, 2 CE, 3 CE, 4 CE, 5 NM, 6 CE, 9 CE, 10 DT"),
        ("RQ1", "1 ST, 2 CE, 3 ST, 4 CE, 5 ST, 6 ID T0136, 7 ID T0136"),
    ],
);

pub(super) const CHAPTER_4_PHARMACY: Chapter = (
    "HL7 v2, chapter 4A",
    &[
        (
            "RXO",
            "1 CE, 2 NM, 3 NM, 4 CE, 5 CE, 6 CE *, 7 CE *, 9 ID T0161, 10 CE, 11 NM, 12 CE, 13 NM, 14 XCN *, 15 XCN *, 16 ID T0136, 18 NM, 19 CE, 20 CE *, \
             21 ST, 22 ID, 23 ST, 24 CE, 25 NM, 26 CE",
        ),
        (
            "RXE",
            "1 TQ, 2 CE R, 3 NM R, 4 NM, 5 CE R, 6 CE, 7 CE *, 9 ID T0167, 10 NM, 11 CE, 12 NM, 13 XCN *, 14 XCN *, 15 ST, 16 NM, 17 NM, 18 TS, 19 CQ, \
             20 ID T0136, 21 CE *, 22 ST, 23 ST, 24 CE, 25 NM, 26 CE, 27 CE *, 28 NM, 29 CE, 30 ID, 31 CE *, 32 TS, 33 NM, 34 CWE, 42 PL, 43 CWE",
        ),
        (
            "RXD",
            "1 NM R, 2 CE R, 3 TS R, 4 NM R, 5 CE, 6 CE, 7 ST R, 8 NM, 9 ST *, 10 XCN *, 11 ID T0167, 12 CQ, 14 ID T0136, 15 CE *, 16 NM, 17 CE, 18 ST *, \
             19 TS *, 20 CE *, 21 CE *",
        ),
        (
            "RXG",
            "1 NM R, 2 NM, 3 TQ, 4 CE R, 5 NM R, 6 NM, 7 CE R, 8 CE, 9 CE *, 10 ID T0167, 12 ID T0136, 13 CE *, 14 ST, 15 ST, 16 CE, 17 NM, 18 CE, \
             19 ST *, 20 TS *, 21 CE *, 22 CE *",
        ),
        (
            "RXA",
            "1 NM R, 2 NM R, 3 TS R, 4 TS, 5 CE R, 6 NM R, 7 CE, 8 CE, 9 CE *, 10 XCN *, 12 ST, 13 NM, 14 CE, 15 ST *, 16 TS *, 17 CE *, 18 CE *, 19 CE *, \
             20 ID T0322, 21 ID T0206, 22 TS, 23 NM, 24 CE, 25 CWE, 26 CWE, 27 PL, 28 XAD",
        ),
        ("RXC", "1 ID R T0166, 2 CE R, 3 NM R, 4 CE R, 5 NM, 6 CE, 7 CE *, 8 NM, 9 CE"),
        ("RXR", "1 CE R, 2 CE, 3 CE, 4 CE, 5 CE, 6 CWE"),
    ],
);
