//! Chapters 7 (observations), 9 (documents), 13 (specimen containers).

use super::Chapter;

pub(super) const CHAPTER_7: Chapter = (
    "HL7 v2, chapter 7",
    &[
        (
            "OBX",
            "1 SI, 2 ID T0125, 3 CE R, 4 ST, 5 VARIES *, 6 CE, 7 ST, 8 IS * T0078, 9 NM *, 10 ID * T0080, 11 ID R T0085, 12 TS, 13 ST, 14 TS, 15 CE, \
             16 XCN *, 17 CE *, 18 EI *, 19 TS, 20 CWE *, 21 EI, 23 XON, 24 XAD, 25 XCN, 26 CWE *",
        ),
        (
            "SPM",
            "1 SI, 2 EIP, 3 EIP *, 4 CWE R, 5 CWE *, 6 CWE *, 7 CWE, 8 CWE, 9 CWE *, 10 CWE, 11 CWE *, 12 CQ, 13 NM, 14 ST *, 15 CWE *, 16 CWE *, 17 DR, \
             18 TS, 19 TS, 20 ID T0136, 21 CWE *, 22 CWE, 23 CWE, 24 CWE *, 25 CQ, 26 NM, 27 CWE, 28 CWE, 29 CWE, 30 CX *, 31 CX *, 32 EI *",
        ),
        (
            "PRT",
            "1 EI, 2 ID R T0287, 3 CWE, 4 CWE R, 5 XCN *, 6 CWE, 7 CWE, 8 XON *, 9 PL *, 10 EI *, 11 TS, 12 TS, 13 CWE, 14 XAD *, 15 XTN *, 17 TS, 18 TS",
        ),
    ],
);

pub(super) const CHAPTER_9: Chapter = (
    "HL7 v2, chapter 9",
    &[(
        "TXA",
        "1 SI R, 2 IS R T0270, 3 ID T0191, 4 TS, 5 XCN *, 6 TS, 7 TS, 8 TS *, 9 XCN *, 10 XCN *, 11 XCN *, 12 EI R, 13 EI, 14 EI *, 15 EI, 16 ST, \
         17 ID R T0271, 18 ID, 19 ID T0273, 20 ID T0275, 21 ST, 22 PPN *, 23 XCN *",
    )],
);

pub(super) const CHAPTER_13: Chapter = (
    "HL7 v2, chapter 13",
    &[(
        "SAC",
        "1 EI, 2 EI, 3 EI, 4 EI, 5 SPS, 6 SPS, 7 TS, 8 CE, 9 CE, 10 CE, 11 NA, 12 CE, 21 NM, 22 NM, 23 NM, 24 CE",
    )],
);
