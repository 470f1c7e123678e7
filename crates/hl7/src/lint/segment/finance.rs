//! Chapter 6 (financial management): charges, diagnoses, procedures, guarantors, insurance.

use super::Chapter;

pub(super) const CHAPTER_6: Chapter = (
    "HL7 v2, chapter 6",
    &[
        (
            "FT1",
            "1 SI, 2 CX, 3 ST, 4 DR R, 5 TS, 6 IS R T0017, 7 CE R, 8 ST, 9 ST, 10 NM, 11 CP, 12 CP, 13 CE, 14 CE, 15 CP, 16 PL, 17 IS, 18 IS, 19 CE *, \
             20 XCN *, 21 XCN *, 22 CP, 23 EI, 24 XCN *, 25 CE, 26 CE *",
        ),
        (
            "DG1",
            "1 SI R, 2 ID, 3 CE, 4 ST, 5 TS, 6 IS R T0052, 16 XCN *, 17 IS, 18 ID T0136, 19 TS, 20 EI, 21 ID T0206, 22 EI",
        ),
        (
            "PR1",
            "1 SI R, 2 IS, 3 CE R2.4, 4 ST, 5 TS R, 6 IS, 7 NM, 8 XCN *, 9 IS, 10 NM, 11 XCN *, 12 XCN *, 13 CE, 14 ID, 15 CE, 16 CE *, 17 CE, 19 EI, \
             20 ID T0206",
        ),
        (
            "GT1",
            "1 SI R, 2 CX *, 3 XPN * R, 4 XPN *, 5 XAD *, 6 XTN *, 7 XTN *, 8 TS, 9 IS T0001, 10 IS, 11 CE T0063, 12 ST, 13 DT, 14 DT, 15 NM, 16 XPN *, \
             17 XAD *, 18 XTN *, 19 CX *, 20 IS, 21 XON *, 22 ID T0136, 24 TS, 25 ID T0136, 28 NM, 29 CX",
        ),
        (
            "IN1",
            "1 SI R, 2 CE R, 3 CX * R, 4 XON *, 5 XAD *, 6 XPN *, 7 XTN *, 8 ST, 9 XON *, 10 CX *, 11 XON *, 12 DT, 13 DT, 14 AUI, 15 IS, 16 XPN *, \
             17 CE T0063, 18 TS, 19 XAD *, 22 ST, 24 DT, 25 ID T0136, 26 DT, 29 TS, 30 XCN *, 33 NM, 34 NM, 36 ST, 37 CP, 43 IS T0001, 44 XAD *, 49 CX *",
        ),
        ("IN2", "1 CX *, 2 ST, 6 ST, 8 ST, 10 ST, 61 CX"),
    ],
);
