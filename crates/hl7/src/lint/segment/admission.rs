//! Chapter 3 (patient administration): people, stays, allergies.

use super::Chapter;

pub(super) const CHAPTER_3: Chapter = (
    "HL7 v2, chapter 3",
    &[
        ("EVN", "1 ID, 2 TS R, 3 TS, 4 IS T0062, 5 XCN *, 6 TS, 7 HD"),
        (
            "PID",
            "1 SI, 2 CX, 3 CX * R2.3, 4 CX *, 5 XPN * R, 6 XPN *, 7 TS, 8 IS T0001, 9 XPN *, 10 CE *, 11 XAD *, 12 IS, 13 XTN *, 14 XTN *, 15 CE, \
             16 CE T0002, 17 CE, 18 CX, 19 ST, 20 DLN, 21 CX *, 22 CE * T0189, 23 ST, 24 ID T0136, 25 NM, 26 CE *, 27 CE, 28 CE, 29 TS, 30 ID T0136, \
             31 ID T0136, 32 IS *, 33 TS, 34 HD, 35 CE, 36 CE, 37 ST, 38 CE *, 39 CWE *, 40 XTN *",
        ),
        (
            "PD1",
            "1 IS *, 2 IS, 3 XON *, 4 XCN *, 5 IS, 6 IS, 7 IS, 8 IS, 9 ID T0136, 10 CX *, 11 CE, 12 ID T0136, 13 DT, 14 XON *, 15 CE *, 16 IS, 17 DT, \
             18 DT, 19 IS, 20 IS, 21 IS",
        ),
        ("ARV", "1 SI, 2 CNE R T0206, 3 CWE R, 4 CWE *, 5 ST, 6 DR"),
        (
            "NK1",
            "1 SI R, 2 XPN *, 3 CE T0063, 4 XAD *, 5 XTN *, 6 XTN *, 7 CE T0131, 8 DT, 9 DT, 10 ST, 11 JCC, 12 CX, 13 XON *, 14 CE T0002, 15 IS T0001, \
             16 TS, 17 IS *, 18 IS *, 19 CE *, 20 CE, 21 IS, 23 ID T0136, 25 CE, 26 XPN *, 28 CE * T0189, 29 CE *, 30 XPN *, 31 XTN *, 32 XAD *, 33 CX *, \
             34 IS, 35 CE *, 36 IS, 37 ST, 40 XTN, 41 XTN",
        ),
        (
            "PV1",
            "1 SI, 2 IS R T0004, 3 PL, 4 IS T0007, 5 CX, 6 PL, 7 XCN *, 8 XCN *, 9 XCN *, 10 IS, 11 PL, 12 IS, 13 IS, 14 IS, 15 IS *, 16 IS, 17 XCN *, \
             18 IS, 19 CX, 20 FC *, 21 IS, 22 IS, 23 IS, 24 IS *, 25 DT *, 26 NM *, 27 NM *, 28 IS, 29 DT, 30 IS, 31 IS, 32 NM, 33 NM, 34 IS, 35 DT, \
             36 IS, 38 CE, 39 IS, 40 IS, 41 IS, 42 PL, 43 PL, 44 TS, 45 TS *, 46 NM, 47 NM, 48 NM, 49 NM, 50 CX *2.9, 51 IS, 52 XCN *, 54 CX",
        ),
        (
            "PV2",
            "1 PL, 2 CE, 3 CE, 4 CE, 5 ST *, 6 ST, 7 IS *, 8 TS, 9 TS, 10 NM, 11 NM, 12 ST, 13 XCN *, 14 DT, 15 ID T0136, 16 IS, 17 DT, 18 IS, \
             19 ID T0136, 20 NM, 21 IS, 22 ID T0136, 23 XON *, 24 IS, 25 IS, 26 DT, 27 IS, 28 DT, 29 DT, 30 CE, 31 IS, 32 ID T0136, 33 TS, 34 ID T0136, \
             35 ID T0136, 36 ID T0136, 37 ID T0136, 38 CE, 39 CE *, 40 CE *, 41 CE, 42 CE, 43 IS *, 44 IS, 45 CE *, 46 DT, 47 TS, 48 TS, 49 IS *",
        ),
        ("MRG", "1 CX * R, 2 CX *, 3 CX *2.9, 4 CX, 5 CX *2.9, 6 CX *2.9, 7 XPN *"),
        ("AL1", "1 SI R, 2 CE T0127, 3 CE R, 4 CE T0128, 5 ST *, 6 DT"),
        (
            "IAM",
            "1 SI R, 2 CE T0127, 3 CE R, 4 CE T0128, 5 ST *, 6 CNE R T0323, 7 EI, 8 ST, 9 CE, 10 CE, 11 DT, 12 ST, 13 TS, 14 XPN, 15 CE, 16 CE, \
             17 CE T0438, 18 XCN, 19 XON, 20 TS",
        ),
        ("IAR", "1 CWE R, 2 CWE R, 3 CWE, 4 ST"),
        ("ACC", "1 TS, 2 CE, 3 ST, 4 CE, 5 ID T0136, 6 ID T0136, 7 XCN, 8 ST, 9 ST, 10 ID T0136, 11 XAD, 12 NM"),
        ("DB1", "1 SI R, 2 IS, 3 CX *, 4 ID T0136, 5 DT, 6 DT, 7 DT, 8 DT"),
        ("NPU", "1 PL R, 2 IS T0116"),
        ("PDA", "1 CE *, 2 PL, 3 ID T0136, 4 TS, 5 XCN, 6 ID T0136, 7 DR, 8 XCN, 9 ID T0136"),
    ],
);
