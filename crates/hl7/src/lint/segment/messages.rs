//! Chapter 2 (control): what every message may have. MSH-9 to 12 and 18 have rules of their own.

use super::Chapter;

pub(super) const CHAPTER_2: Chapter = (
    "HL7 v2, chapter 2",
    &[
        (
            "MSH",
            "3 HD, 4 HD, 5 HD *2.9, 6 HD *2.9, 7 TS R2.4, 13 NM, 15 ID T0155, 16 ID T0155, 18 ID *, 20 ID, 21 EI *2.4",
        ),
        ("SFT", "1 XON R, 2 ST R, 3 ST R, 4 ST R, 5 TX, 6 TS"),
        ("MSA", "1 ID R T0008, 2 ST R, 3 ST, 4 NM"),
        ("ERR", "1 ELD *, 2 ERL *, 3 CWE R2.5, 4 ID R2.5 T0516, 5 CWE, 8 TX"),
        ("NTE", "1 SI, 2 ID T0105, 3 FT *, 4 CE T0364, 5 XCN, 6 TS, 7 TS, 8 TS"),
    ],
);
