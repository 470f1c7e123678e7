//! Chapters 8 (lists), 10 (appointments), 11 (referrals), 12 (problems), 15 (staff).

use super::Chapter;

pub(super) const CHAPTER_8: Chapter = (
    "HL7 v2, chapter 8",
    &[
        ("MFI", "1 CE R T0175, 2 HD *, 3 ID R T0178, 4 TS, 5 TS, 6 ID R T0179"),
        ("MFE", "1 ID R T0180, 2 ST, 3 TS, 4 ST * R, 5 ID * R2.4"),
        ("LOC", "1 PL R, 2 ST, 3 IS * R, 4 XON *, 5 XAD *, 6 XTN *"),
    ],
);

pub(super) const CHAPTER_10: Chapter = (
    "HL7 v2, chapter 10",
    &[
        (
            "SCH",
            "1 EI, 2 EI, 3 NM, 4 EI, 5 CE, 6 CE R, 7 CE, 8 CE, 9 NM, 10 CE, 11 TQ *, 12 XCN *, 13 XTN, 14 XAD *, 15 PL, 16 XCN * R, 17 XTN, 18 XAD *, 19 PL, \
             20 XCN * R, 21 XTN *, 22 PL, 23 EI, 24 EI, 25 CE T0278, 26 EI *, 27 EI *",
        ),
        ("RGS", "1 SI R, 2 ID T0206, 3 CE"),
        ("AIS", "1 SI R, 2 ID T0206, 3 CE R, 4 TS, 5 NM, 6 CE, 7 NM, 8 CE, 9 IS, 10 CE T0278"),
        (
            "AIG",
            "1 SI R, 2 ID T0206, 3 CE, 4 CE R, 5 CE *, 6 NM, 7 CE, 8 TS, 9 NM, 10 CE, 11 NM, 12 CE, 13 IS, 14 CE T0278",
        ),
        ("AIL", "1 SI R, 2 ID T0206, 3 PL *, 4 CE, 5 CE, 6 TS, 7 NM, 8 CE, 9 NM, 10 CE, 11 IS, 12 CE T0278"),
        ("AIP", "1 SI R, 2 ID T0206, 3 XCN *, 4 CE, 5 CE, 6 TS, 7 NM, 8 CE, 9 NM, 10 CE, 11 IS, 12 CE T0278"),
    ],
);

pub(super) const CHAPTER_11: Chapter = (
    "HL7 v2, chapter 11",
    &[
        (
            "RF1",
            "1 CE T0283, 2 CE T0280, 3 CE T0281, 4 CE * T0282, 5 CE T0284, 6 EI R, 7 TS, 8 TS, 9 TS, 10 CE *, 11 EI",
        ),
        ("PRD", "1 CE * R T0286, 2 XPN *, 3 XAD *, 4 PL, 5 XTN *, 7 PLN *, 8 TS, 9 TS"),
    ],
);

pub(super) const CHAPTER_12: Chapter = (
    "HL7 v2, chapter 12",
    &[
        ("PRB", "1 ID R T0287, 2 TS R, 3 CE R, 4 EI R, 5 EI, 6 NM, 7 TS, 8 TS, 9 TS, 15 TS, 16 TS"),
        ("GOL", "1 ID R T0287, 2 TS R, 3 CE R, 4 EI R, 5 EI, 6 NM, 7 TS, 8 TS"),
        ("PTH", "1 ID R T0287, 2 CE R, 3 EI R, 4 TS R"),
    ],
);

pub(super) const CHAPTER_15: Chapter = (
    "HL7 v2, chapter 15",
    &[
        ("ROL", "1 EI, 2 ID R T0287, 3 CE R, 4 XCN * R, 5 TS, 6 TS, 7 CE, 8 CE, 9 CE *, 10 CE, 11 XAD *, 12 XTN *"),
        ("STF", "1 CE, 2 CX *, 3 XPN *, 4 IS *, 5 IS T0001, 6 TS, 7 ID T0183, 10 XTN *, 11 XAD *"),
    ],
);
