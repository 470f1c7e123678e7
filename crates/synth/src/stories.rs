//! The twelve stories.

use crate::code::{self, Code, System};
use crate::medicine::{self as drug, Medicine};
use crate::panel::Panel;
use crate::staff::Ward;
use crate::story::{
    Document, Given, LATEX, Move, NO_ALLERGY, Order, PEANUT, PENICILLIN, Prescription, SULFONAMIDE, Slip, Stay, Story,
    Vaccine,
};
use crate::test::Test;

const DAY_H: f64 = 24.0;
const YEAR_D: f64 = 365.25;

const fn at_home(medicine: Medicine, years: f64) -> Prescription {
    Prescription { medicine, from_d: -years * YEAR_D, until_d: None, why: "" }
}

const fn stopped_at_home(medicine: Medicine, years: f64, until_d: f64, why: &'static str) -> Prescription {
    Prescription { medicine, from_d: -years * YEAR_D, until_d: Some(until_d), why }
}

const fn given(medicine: Medicine, from_h: f64) -> Given {
    Given { medicine, from_h, until_h: None, why: "" }
}

const fn given_until(medicine: Medicine, from_h: f64, until_h: f64, why: &'static str) -> Given {
    Given { medicine, from_h, until_h: Some(until_h), why }
}

const fn order(panel: Panel, every_h: f64, phase_min: f64) -> Order {
    Order { panel, every_h, phase_min }
}

const fn vaccine(
    cvx: &'static str,
    text: &'static str,
    maker: (&'static str, &'static str),
    years_ago: f64,
    lot: &'static str,
) -> Vaccine {
    Vaccine {
        code: Code::new(System::Cvx, cvx, text),
        maker: Code::new(System::Mvx, maker.0, maker.1),
        years_ago,
        lot,
        amount_ml: "0.5",
    }
}

const SANOFI: (&str, &str) = ("PMC", "Sanofi Pasteur");
const MERCK: (&str, &str) = ("MSD", "Merck and Co., Inc.");
const GSK: (&str, &str) = ("SKB", "GlaxoSmithKline");

const PROGRESS: Code = Code::new(System::Loinc, "11506-3", "Progress note");
const DISCHARGE: Code = Code::new(System::Loinc, "18842-5", "Discharge summary");
const CONSULT: Code = Code::new(System::Loinc, "11488-4", "Consult note");

/// A patient without anything; the stories say what differs.
const QUIET: Story = Story {
    problems: &[],
    allergies: &[NO_ALLERGY],
    home: &[],
    clinic: &[],
    clinic_panels: &[],
    trend: &[],
    stay: None,
    vaccines: &[],
    weight_kg: 68.0,
    height_cm: 168.0,
};

const SINGLE_CRP: Panel = Panel::Single(Test::Crp);
const SINGLE_TROPONIN: Panel = Panel::Single(Test::Troponin);
const SINGLE_HBA1C: Panel = Panel::Single(Test::Hba1c);
const SINGLE_INR: Panel = Panel::Single(Test::Inr);
const SINGLE_BNP: Panel = Panel::Single(Test::Bnp);

/// Sepsis from pneumonia, kidneys that fail and recover, intensive care and back to the ward.
const SEPSIS: Story = Story {
    problems: &[(code::HYPERTENSION, 12.0), (code::DIABETES_2, 7.0)],
    allergies: &[PENICILLIN],
    home: &[
        at_home(drug::METFORMIN, 6.0),
        at_home(drug::AMLODIPINE, 3.0),
        stopped_at_home(drug::RAMIPRIL, 9.0, -4.2, "acute kidney injury"),
    ],
    clinic: &[-400.0, -210.0, -95.0],
    clinic_panels: &[SINGLE_HBA1C, Panel::Chemistry],
    trend: &[
        (Test::Hba1c, &[(-400.0, 7.9), (-210.0, 7.4), (-95.0, 7.2)]),
        (Test::Glucose, &[(-400.0, 9.2), (-95.0, 8.1)]),
        (Test::Creatinine, &[(-400.0, 88.0), (-95.0, 94.0)]),
    ],
    stay: Some(Stay {
        arrival_h: -4.4 * DAY_H,
        reason: "Fever, cough and confusion",
        moves: &[
            (0.0, Move::Arrive("03")),
            (3.0, Move::Admit(Ward::Intensive, "02")),
            (104.5, Move::Transfer(Ward::Medicine, "07")),
            (9.0 * DAY_H, Move::Discharge),
        ],
        diagnoses: &[(code::SEPSIS, 3.0), (code::PNEUMONIA, 3.0), (code::KIDNEY_INJURY, 20.0)],
        orders: &[
            order(Panel::Chemistry, 12.0, 6.0),
            order(Panel::BloodCount, 24.0, -170.0),
            order(Panel::Gases, 8.0, -35.0),
            order(SINGLE_CRP, 24.0, -169.0),
            order(Panel::Single(Test::Procalcitonin), 24.0, -168.0),
        ],
        course: &[
            (Test::Lactate, &[(0.0, 5.1), (8.0, 3.4), (24.0, 2.1), (60.0, 1.2)]),
            (Test::Leukocytes, &[(0.0, 19.8), (30.0, 22.4), (80.0, 12.1), (140.0, 8.0)]),
            (Test::Neutrophils, &[(0.0, 17.1), (30.0, 19.0), (80.0, 9.2), (140.0, 5.2)]),
            (Test::Crp, &[(0.0, 212.0), (30.0, 318.0), (80.0, 140.0), (140.0, 38.0)]),
            (Test::Procalcitonin, &[(0.0, 14.0), (30.0, 22.5), (80.0, 5.1), (140.0, 0.8)]),
            (Test::Creatinine, &[(0.0, 168.0), (36.0, 342.0), (60.0, 318.0), (106.0, 171.0), (170.0, 108.0)]),
            (Test::Urea, &[(0.0, 14.0), (36.0, 26.1), (106.0, 13.2), (170.0, 8.0)]),
            (Test::Potassium, &[(0.0, 4.9), (36.0, 5.6), (70.0, 4.8), (110.0, 4.3)]),
            (Test::Bicarbonate, &[(0.0, 16.0), (48.0, 20.0), (110.0, 24.0)]),
            (Test::Glucose, &[(0.0, 14.2), (48.0, 10.4), (110.0, 8.2)]),
            (Test::Hemoglobin, &[(0.0, 13.1), (60.0, 11.2), (140.0, 11.6)]),
            (Test::Platelets, &[(0.0, 168.0), (40.0, 96.0), (110.0, 190.0)]),
            (Test::Ph, &[(0.0, 7.27), (24.0, 7.35), (60.0, 7.40)]),
            (Test::Po2, &[(0.0, 58.0), (24.0, 74.0), (100.0, 82.0)]),
            (Test::HeartRate, &[(0.0, 128.0), (24.0, 112.0), (70.0, 92.0), (120.0, 80.0)]),
            (Test::RespiratoryRate, &[(0.0, 31.0), (24.0, 25.0), (80.0, 19.0), (120.0, 16.0)]),
            (Test::Saturation, &[(0.0, 88.0), (6.0, 94.0), (120.0, 96.0)]),
            (Test::Temperature, &[(0.0, 39.4), (24.0, 38.8), (60.0, 37.6), (110.0, 36.9)]),
            (Test::Systolic, &[(0.0, 84.0), (8.0, 98.0), (60.0, 116.0), (120.0, 128.0)]),
            (Test::Diastolic, &[(0.0, 48.0), (8.0, 55.0), (120.0, 72.0)]),
            (Test::OxygenFlow, &[(0.0, 10.0), (24.0, 8.0), (90.0, 2.0), (130.0, 0.0)]),
        ],
        medicines: &[
            given_until(drug::NOREPINEPHRINE, 3.0, 58.0, "shock resolved"),
            given_until(drug::CEFTRIAXONE, 1.0, 30.0, "no response; changed to meropenem"),
            given(drug::MEROPENEM, 30.0),
            given(drug::ENOXAPARIN, 6.0),
            given(drug::PARACETAMOL, 1.0),
            given(drug::ASPART, 5.0),
        ],
        documents: &[
            Document {
                at_h: 22.0,
                kind: "PR",
                code: PROGRESS,
                lines: &[
                    "Intensive care, day 1.",
                    "Septic shock from pneumonia, right lower lobe. Noradrenaline 0.2 ug/kg/min, falling.",
                    "Urine 20 mL/h; creatinine rising: acute kidney injury, no indication for dialysis today.",
                    "Allergy: penicillin (anaphylaxis) | ceftriaxone was tolerated.",
                ],
            },
            Document {
                at_h: 100.0,
                kind: "TS",
                code: PROGRESS,
                lines: &[
                    "转科记录：感染性休克已纠正，停用去甲肾上腺素 42 小时。",
                    "肌酐由 342 降至 175 umol/L，尿量 >80 mL/h。拟转普通病房继续抗感染治疗。",
                ],
            },
        ],
        vitals_every_min: 10,
        slips: &[],
    }),
    vaccines: &[vaccine("33", "pneumococcal polysaccharide PPV23", MERCK, 2.1, "U4512AA")],
    weight_kg: 71.5,
    height_cm: 170.0,
};

/// Iron deficiency, seen in the clinic; a like-named patient's troponin once came under her name.
const ANAEMIA: Story = Story {
    problems: &[(code::IRON_DEFICIENCY, 0.6)],
    allergies: &[SULFONAMIDE],
    home: &[at_home(drug::IRON, 0.5), stopped_at_home(drug::IBUPROFEN, 3.0, -190.0, "possible loss of blood")],
    clinic: &[-215.0, -150.0, -80.0, -2.2, 0.03],
    clinic_panels: &[Panel::BloodCount, Panel::Single(Test::Ferritin), Panel::Single(Test::Iron)],
    trend: &[
        (Test::Hemoglobin, &[(-215.0, 7.9), (-150.0, 9.8), (-80.0, 11.4), (0.0, 12.4)]),
        (Test::Mcv, &[(-215.0, 69.0), (-80.0, 79.0), (0.0, 84.0)]),
        (Test::Ferritin, &[(-215.0, 4.0), (-80.0, 17.0), (0.0, 34.0)]),
        (Test::Iron, &[(-215.0, 3.1), (-80.0, 9.0), (0.0, 12.4)]),
        (Test::Platelets, &[(-215.0, 468.0), (0.0, 310.0)]),
    ],
    weight_kg: 54.0,
    height_cm: 161.0,
    ..QUIET
};

/// Heart failure that is relieved, at the price of some potassium and kidney function.
const HEART_FAILURE: Story = Story {
    problems: &[(code::HEART_FAILURE, 5.0), (code::KIDNEY_DISEASE, 3.0), (code::HYPERTENSION, 21.0)],
    allergies: &[LATEX],
    home: &[
        at_home(drug::BISOPROLOL, 5.0),
        at_home(drug::RAMIPRIL, 5.0),
        stopped_at_home(drug::FUROSEMIDE_ORAL, 4.0, -3.1, "given intravenously in hospital"),
        at_home(drug::ATORVASTATIN, 8.0),
    ],
    clinic: &[-330.0, -160.0],
    clinic_panels: &[Panel::Chemistry, SINGLE_BNP],
    trend: &[
        (Test::Bnp, &[(-330.0, 1450.0), (-160.0, 1980.0)]),
        (Test::Creatinine, &[(-330.0, 101.0), (-160.0, 112.0)]),
    ],
    stay: Some(Stay {
        arrival_h: -3.1 * DAY_H,
        reason: "Breathlessness, swollen legs",
        moves: &[
            (0.0, Move::Arrive("07")),
            (4.0, Move::Admit(Ward::Cardiac, "04")),
            (50.0, Move::Transfer(Ward::Medicine, "02")),
            (6.0 * DAY_H, Move::Discharge),
        ],
        diagnoses: &[(code::HEART_FAILURE, 4.0)],
        orders: &[
            order(Panel::Chemistry, 12.0, 14.0),
            order(SINGLE_BNP, 24.0, 15.0),
            order(Panel::BloodCount, 48.0, -600.0),
        ],
        course: &[
            (Test::Bnp, &[(0.0, 9850.0), (36.0, 6900.0), (75.0, 3400.0), (140.0, 2100.0)]),
            (Test::Creatinine, &[(0.0, 128.0), (40.0, 149.0), (75.0, 141.0), (140.0, 122.0)]),
            (Test::Urea, &[(0.0, 11.0), (40.0, 14.8), (140.0, 11.2)]),
            (Test::Potassium, &[(0.0, 4.4), (36.0, 3.3), (60.0, 3.6), (100.0, 4.5)]),
            (Test::Sodium, &[(0.0, 130.0), (75.0, 135.0), (140.0, 138.0)]),
            (Test::Hemoglobin, &[(0.0, 11.6), (140.0, 11.9)]),
            (Test::HeartRate, &[(0.0, 112.0), (30.0, 92.0), (80.0, 74.0)]),
            (Test::RespiratoryRate, &[(0.0, 29.0), (30.0, 21.0), (80.0, 16.0)]),
            (Test::Saturation, &[(0.0, 87.0), (4.0, 93.0), (80.0, 95.5)]),
            (Test::Systolic, &[(0.0, 168.0), (30.0, 138.0), (80.0, 118.0)]),
            (Test::Diastolic, &[(0.0, 94.0), (80.0, 66.0)]),
            (Test::OxygenFlow, &[(0.0, 6.0), (30.0, 2.0), (60.0, 0.0)]),
            (Test::Weight, &[(0.0, 82.4), (75.0, 77.3), (140.0, 75.6)]),
        ],
        medicines: &[given(drug::FUROSEMIDE, 1.0), given(drug::SPIRONOLACTONE, 52.0), given(drug::ENOXAPARIN, 6.0)],
        documents: &[Document {
            at_h: 26.0,
            kind: "CN",
            code: CONSULT,
            lines: &[
                "Cardiology consultation.",
                "Ejection fraction 32 %. Decompensated heart failure, NYHA III; weight 5 kg above dry weight.",
                "Plan: furosemide i.v. 40 mg twice a day, potassium daily, start spironolactone when K > 3.5 & stable.",
            ],
        }],
        vitals_every_min: 20,
        slips: &[Slip {
            panel: Panel::Chemistry,
            before_h: -30.0,
            test: Test::Potassium,
            first: 6.9,
            why: "Sample was haemolysed; repeated from a fresh sample.",
        }],
    }),
    vaccines: &[vaccine("141", "influenza, seasonal, injectable", SANOFI, 0.9, "UT7731LA")],
    weight_kg: 77.0,
    height_cm: 163.0,
};

/// A broken hip, an operation, blood lost.
const HIP: Story = Story {
    problems: &[(code::HYPERTENSION, 15.0)],
    home: &[at_home(drug::AMLODIPINE, 11.0), stopped_at_home(drug::ASPIRIN, 10.0, -2.4, "before operation")],
    stay: Some(Stay {
        arrival_h: -2.4 * DAY_H,
        reason: "Fall at home, pain in the left hip",
        moves: &[(0.0, Move::Arrive("01")), (5.0, Move::Admit(Ward::Surgery, "11")), (7.0 * DAY_H, Move::Discharge)],
        diagnoses: &[(code::HIP_FRACTURE, 5.0), (code::BLEEDING_ANAEMIA, 30.0)],
        orders: &[
            order(Panel::BloodCount, 12.0, 22.0),
            order(Panel::Chemistry, 24.0, -280.0),
            order(SINGLE_CRP, 24.0, -279.0),
        ],
        course: &[
            (Test::Hemoglobin, &[(0.0, 12.8), (20.0, 11.9), (30.0, 8.1), (44.0, 6.8), (50.0, 8.9), (120.0, 9.8)]),
            (Test::Crp, &[(0.0, 4.0), (24.0, 48.0), (60.0, 152.0), (140.0, 44.0)]),
            (Test::Leukocytes, &[(0.0, 9.6), (30.0, 13.2), (120.0, 8.1)]),
            (Test::HeartRate, &[(0.0, 88.0), (30.0, 108.0), (60.0, 90.0), (120.0, 78.0)]),
            (Test::Systolic, &[(0.0, 148.0), (30.0, 102.0), (60.0, 122.0)]),
            (Test::Temperature, &[(0.0, 36.6), (40.0, 37.7), (100.0, 36.9)]),
        ],
        medicines: &[
            given(drug::PARACETAMOL, 1.0),
            given(drug::ENOXAPARIN, 12.0),
            given_until(drug::CEFTRIAXONE, 19.0, 43.0, "course completed"),
            given(drug::IRON, 54.0),
        ],
        documents: &[Document {
            at_h: 28.0,
            kind: "OP",
            code: Code::new(System::Loinc, "11504-8", "Surgical operation note"),
            lines: &[
                "Hemiarthroplasty, left hip, cemented. Spinal anaesthesia.",
                "Estimated loss of blood 600 mL. No complications.",
                "Haemoglobin at 6 h and in the morning; transfuse below 7 g/dL.",
            ],
        }],
        vitals_every_min: 30,
        slips: &[],
    }),
    vaccines: &[vaccine("115", "Tdap", GSK, 6.4, "AC52B087")],
    weight_kg: 61.0,
    height_cm: 159.0,
    ..QUIET
};

/// Type 1 diabetes off the rails.
const KETOACIDOSIS: Story = Story {
    problems: &[(code::DIABETES_1, 13.0)],
    home: &[at_home(drug::GLARGINE, 8.0), at_home(drug::ASPART, 8.0)],
    clinic: &[-720.0, -540.0, -360.0, -180.0],
    clinic_panels: &[SINGLE_HBA1C],
    trend: &[(Test::Hba1c, &[(-720.0, 7.6), (-540.0, 8.1), (-360.0, 9.0), (-180.0, 10.4)])],
    stay: Some(Stay {
        arrival_h: -0.7 * DAY_H,
        reason: "Vomiting, abdominal pain",
        moves: &[
            (0.0, Move::Arrive("05")),
            (2.5, Move::Admit(Ward::Intensive, "05")),
            (17.0, Move::Transfer(Ward::Medicine, "09")),
            (3.2 * DAY_H, Move::Discharge),
        ],
        diagnoses: &[(code::KETOACIDOSIS, 2.5)],
        orders: &[
            order(Panel::Gases, 4.0, 9.0),
            order(Panel::Chemistry, 4.0, 10.0),
            order(Panel::Single(Test::Ketone), 4.0, 11.0),
            order(SINGLE_HBA1C, 400.0, -700.0),
        ],
        course: &[
            (Test::Glucose, &[(0.0, 34.6), (4.0, 24.1), (8.0, 15.2), (14.0, 11.1), (30.0, 8.9)]),
            (Test::Ketone, &[(0.0, 6.8), (6.0, 4.1), (12.0, 1.6), (18.0, 0.5), (30.0, 0.2)]),
            (Test::Ph, &[(0.0, 7.08), (4.0, 7.18), (10.0, 7.31), (17.0, 7.38)]),
            (Test::Bicarbonate, &[(0.0, 7.0), (6.0, 13.0), (17.0, 22.0)]),
            (Test::Pco2, &[(0.0, 18.0), (10.0, 31.0), (17.0, 38.0)]),
            (Test::Potassium, &[(0.0, 5.7), (5.0, 4.2), (9.0, 3.2), (17.0, 4.0)]),
            (Test::Sodium, &[(0.0, 129.0), (17.0, 139.0)]),
            (Test::Creatinine, &[(0.0, 118.0), (20.0, 66.0)]),
            (Test::Hba1c, &[(0.0, 11.2)]),
            (Test::Lactate, &[(0.0, 3.0), (8.0, 1.4)]),
            (Test::HeartRate, &[(0.0, 132.0), (10.0, 104.0), (20.0, 82.0)]),
            (Test::RespiratoryRate, &[(0.0, 32.0), (10.0, 22.0), (18.0, 15.0)]),
            (Test::Systolic, &[(0.0, 96.0), (6.0, 110.0)]),
        ],
        medicines: &[given_until(drug::PANTOPRAZOLE, 4.0, 16.0, "no longer vomiting"), given(drug::ENOXAPARIN, 5.0)],
        vitals_every_min: 10,
        documents: &[],
        slips: &[],
    }),
    vaccines: &[vaccine("43", "hepatitis B, adult", GSK, 3.0, "HB2207C")],
    weight_kg: 52.5,
    height_cm: 164.0,
    ..QUIET
};

/// A heart attack; his first troponin is high and rises.
const INFARCTION: Story = Story {
    problems: &[(code::LIPIDS, 9.0), (code::HYPERTENSION, 6.0)],
    home: &[at_home(drug::ATORVASTATIN, 2.0)],
    clinic: &[-120.0],
    clinic_panels: &[Panel::Chemistry],
    stay: Some(Stay {
        arrival_h: -1.3 * DAY_H,
        reason: "Chest pain for two hours",
        moves: &[(0.0, Move::Arrive("02")), (1.5, Move::Admit(Ward::Cardiac, "01")), (5.0 * DAY_H, Move::Discharge)],
        diagnoses: &[(code::INFARCTION, 1.5)],
        orders: &[
            order(SINGLE_TROPONIN, 6.0, 18.0),
            order(Panel::Chemistry, 24.0, -420.0),
            order(Panel::BloodCount, 24.0, -421.0),
        ],
        course: &[
            (Test::Troponin, &[(0.0, 58.0), (3.0, 640.0), (12.0, 4210.0), (32.0, 1890.0), (80.0, 310.0)]),
            (Test::Glucose, &[(0.0, 8.4), (24.0, 6.2)]),
            (Test::Leukocytes, &[(0.0, 11.2), (40.0, 8.2)]),
            (Test::HeartRate, &[(0.0, 98.0), (12.0, 72.0), (40.0, 64.0)]),
            (Test::Systolic, &[(0.0, 158.0), (12.0, 124.0)]),
            (Test::OxygenFlow, &[(0.0, 2.0), (6.0, 0.0)]),
        ],
        medicines: &[
            given(drug::ASPIRIN, 0.5),
            given(drug::TICAGRELOR, 1.0),
            given(drug::BISOPROLOL, 12.0),
            given(drug::RAMIPRIL, 26.0),
            given_until(drug::ENOXAPARIN, 1.0, 25.0, "after coronary angiography"),
        ],
        documents: &[Document {
            at_h: 8.0,
            kind: "PR",
            code: PROGRESS,
            lines: &[
                "冠状动脉造影：左前降支近段狭窄 90%，植入药物洗脱支架 1 枚。",
                "术后无胸痛，继续双联抗血小板治疗。",
            ],
        }],
        vitals_every_min: 10,
        slips: &[],
    }),
    weight_kg: 78.0,
    height_cm: 172.0,
    ..QUIET
};

/// Two years of diabetes coming under control, all in the clinic.
const DIABETES: Story = Story {
    problems: &[(code::DIABETES_2, 2.1), (code::HYPERTENSION, 4.0), (code::LIPIDS, 2.0)],
    allergies: &[NO_ALLERGY],
    home: &[
        at_home(drug::METFORMIN, 2.0),
        at_home(drug::GLARGINE, 1.1),
        at_home(drug::RAMIPRIL, 4.0),
        at_home(drug::ATORVASTATIN, 2.0),
    ],
    clinic: &[-730.0, -640.0, -545.0, -450.0, -360.0, -270.0, -180.0, -92.0, -1.1, 0.04],
    clinic_panels: &[SINGLE_HBA1C, Panel::Chemistry],
    trend: &[
        (
            Test::Hba1c,
            &[
                (-730.0, 10.9),
                (-640.0, 9.6),
                (-545.0, 8.9),
                (-450.0, 8.7),
                (-360.0, 8.0),
                (-270.0, 7.4),
                (-92.0, 6.8),
                (0.0, 6.6),
            ],
        ),
        (Test::Glucose, &[(-730.0, 15.8), (-450.0, 10.9), (-180.0, 8.1), (0.0, 7.2)]),
        (Test::Creatinine, &[(-730.0, 84.0), (0.0, 91.0)]),
    ],
    vaccines: &[vaccine("141", "influenza, seasonal, injectable", SANOFI, 1.1, "UT6908NA")],
    weight_kg: 96.0,
    height_cm: 181.0,
    ..QUIET
};

/// Atrial fibrillation under warfarin, and an antibiotic that makes it too strong.
const ANTICOAGULATION: Story = Story {
    problems: &[(code::FIBRILLATION, 6.0), (code::HYPERTENSION, 25.0), (code::KIDNEY_DISEASE, 4.0)],
    allergies: &[SULFONAMIDE, LATEX],
    home: &[
        at_home(drug::BISOPROLOL, 6.0),
        stopped_at_home(drug::WARFARIN, 6.0, -1.6, "INR above 5; paused"),
        at_home(drug::AMLODIPINE, 9.0),
    ],
    clinic: &[-112.0, -84.0, -56.0, -28.0],
    clinic_panels: &[SINGLE_INR],
    trend: &[(Test::Inr, &[(-112.0, 2.4), (-84.0, 2.7), (-56.0, 2.3), (-28.0, 2.6)])],
    stay: Some(Stay {
        arrival_h: -1.9 * DAY_H,
        reason: "Confusion, burning on passing water",
        moves: &[(0.0, Move::Arrive("08")), (6.0, Move::Admit(Ward::Medicine, "04")), (46.1, Move::Discharge)],
        diagnoses: &[(code::URINARY, 6.0)],
        orders: &[
            order(SINGLE_INR, 12.0, -55.0),
            order(Panel::Chemistry, 24.0, -300.0),
            order(SINGLE_CRP, 24.0, -299.0),
        ],
        course: &[
            (Test::Inr, &[(0.0, 3.1), (12.0, 5.6), (30.0, 3.9), (45.0, 2.6)]),
            (Test::Crp, &[(0.0, 68.0), (45.0, 22.0)]),
            (Test::Creatinine, &[(0.0, 126.0), (45.0, 104.0)]),
            (Test::Leukocytes, &[(0.0, 13.4), (45.0, 8.8)]),
            (Test::HeartRate, &[(0.0, 104.0), (24.0, 86.0)]),
            (Test::Temperature, &[(0.0, 38.3), (24.0, 37.2), (40.0, 36.7)]),
        ],
        medicines: &[
            given_until(drug::CEFTRIAXONE, 2.0, 26.0, "changed to tablets"),
            given(drug::NITROFURANTOIN, 26.0),
        ],
        documents: &[Document {
            at_h: 45.6,
            kind: "DS",
            code: DISCHARGE,
            lines: &[
                "出院小结：泌尿系感染，经抗感染治疗后体温正常。",
                "INR 一度升至 5.6，华法林暂停，出院时 2.6；三日后复查 INR，再定剂量。",
            ],
        }],
        vitals_every_min: 30,
        slips: &[],
    }),
    vaccines: &[
        vaccine("33", "pneumococcal polysaccharide PPV23", MERCK, 8.0, "M0931KC"),
        vaccine("141", "influenza, seasonal, injectable", SANOFI, 1.0, "UT6908NB"),
    ],
    weight_kg: 49.0,
    height_cm: 152.0,
};

/// A bleeding ulcer; arrives while one looks.
const BLEEDING: Story = Story {
    problems: &[(code::HYPERTENSION, 2.0)],
    allergies: &[],
    home: &[at_home(drug::IBUPROFEN, 0.4), stopped_at_home(drug::OMEPRAZOLE, 2.0, -300.0, "no complaints any more")],
    stay: Some(Stay {
        arrival_h: 0.05,
        reason: "Black stools, dizziness",
        moves: &[(0.0, Move::Arrive("04")), (0.6, Move::Admit(Ward::Surgery, "03")), (4.0 * DAY_H, Move::Discharge)],
        diagnoses: &[(code::BLEEDING, 0.6), (code::BLEEDING_ANAEMIA, 1.0)],
        orders: &[
            order(Panel::BloodCount, 4.0, 30.0),
            order(Panel::Chemistry, 12.0, 32.0),
            order(SINGLE_INR, 48.0, 34.0),
            order(Panel::Liver, 48.0, 36.0),
        ],
        course: &[
            (Test::Hemoglobin, &[(0.0, 7.4), (3.0, 6.6), (8.0, 8.2), (90.0, 9.4)]),
            (Test::Urea, &[(0.0, 15.4), (60.0, 6.0)]),
            (Test::Lactate, &[(0.0, 2.8), (6.0, 1.3)]),
            (Test::HeartRate, &[(0.0, 122.0), (6.0, 98.0), (40.0, 78.0)]),
            (Test::Systolic, &[(0.0, 92.0), (6.0, 112.0)]),
        ],
        medicines: &[given(drug::PANTOPRAZOLE, 0.4)],
        documents: &[],
        vitals_every_min: 10,
        slips: &[],
    }),
    weight_kg: 83.0,
    height_cm: 178.0,
    ..QUIET
};

/// A chronic lung made worse.
const LUNG: Story = Story {
    problems: &[(code::COPD, 11.0)],
    home: &[at_home(drug::TIOTROPIUM, 7.0)],
    stay: Some(Stay {
        arrival_h: -1.1 * DAY_H,
        reason: "Increasing breathlessness",
        moves: &[(0.0, Move::Arrive("06")), (4.0, Move::Admit(Ward::Medicine, "11")), (5.5 * DAY_H, Move::Discharge)],
        diagnoses: &[(code::COPD_WORSE, 4.0)],
        orders: &[
            order(Panel::Gases, 8.0, 26.0),
            order(Panel::BloodCount, 24.0, -200.0),
            order(SINGLE_CRP, 24.0, -199.0),
        ],
        course: &[
            (Test::Ph, &[(0.0, 7.29), (8.0, 7.33), (40.0, 7.38)]),
            (Test::Pco2, &[(0.0, 66.0), (12.0, 58.0), (60.0, 49.0)]),
            (Test::Po2, &[(0.0, 49.0), (12.0, 60.0), (60.0, 65.0)]),
            (Test::Bicarbonate, &[(0.0, 31.0)]),
            (Test::Crp, &[(0.0, 64.0), (60.0, 21.0)]),
            (Test::Leukocytes, &[(0.0, 12.9), (30.0, 15.8), (100.0, 11.0)]),
            (Test::HeartRate, &[(0.0, 110.0), (24.0, 96.0), (80.0, 84.0)]),
            (Test::RespiratoryRate, &[(0.0, 30.0), (24.0, 24.0), (80.0, 19.0)]),
            (Test::Saturation, &[(0.0, 84.0), (4.0, 89.0), (80.0, 91.0)]),
            (Test::OxygenFlow, &[(0.0, 2.0), (60.0, 1.0)]),
        ],
        medicines: &[
            given(drug::SALBUTAMOL, 0.3),
            given(drug::PREDNISOLONE, 1.0),
            given(drug::TAZOBACTAM, 3.0),
            given(drug::ENOXAPARIN, 6.0),
        ],
        documents: &[],
        vitals_every_min: 15,
        slips: &[],
    }),
    vaccines: &[vaccine("133", "pneumococcal conjugate PCV 13", ("WAL", "Wyeth"), 5.0, "WH4471")],
    weight_kg: 58.0,
    height_cm: 167.0,
    ..QUIET
};

/// An appendix; home again two days ago.
const APPENDIX: Story = Story {
    allergies: &[PENICILLIN, PEANUT],
    stay: Some(Stay {
        arrival_h: -4.0 * DAY_H,
        reason: "Pain in the right lower abdomen",
        moves: &[(0.0, Move::Arrive("09")), (5.0, Move::Admit(Ward::Surgery, "08")), (50.0, Move::Discharge)],
        diagnoses: &[(code::APPENDICITIS, 5.0)],
        orders: &[order(Panel::BloodCount, 24.0, -130.0), order(SINGLE_CRP, 24.0, -131.0)],
        course: &[
            (Test::Leukocytes, &[(0.0, 16.4), (45.0, 9.2)]),
            (Test::Neutrophils, &[(0.0, 13.8), (45.0, 6.6)]),
            (Test::Crp, &[(0.0, 41.0), (30.0, 96.0), (48.0, 52.0)]),
            (Test::Temperature, &[(0.0, 38.1), (20.0, 37.4), (45.0, 36.8)]),
            (Test::HeartRate, &[(0.0, 102.0), (40.0, 76.0)]),
        ],
        medicines: &[given_until(drug::MEROPENEM, 4.0, 28.0, "course completed"), given(drug::PARACETAMOL, 1.0)],
        documents: &[Document {
            at_h: 49.0,
            kind: "DS",
            code: DISCHARGE,
            lines: &[
                "Laparoscopic appendicectomy on the day of admission, uneventful.",
                "Home with paracetamol. Wound check by the family doctor in 7 days.",
            ],
        }],
        vitals_every_min: 60,
        slips: &[],
    }),
    vaccines: &[vaccine("21", "varicella", MERCK, 22.0, "R4410VZ")],
    weight_kg: 63.0,
    height_cm: 171.0,
    ..QUIET
};

/// A child with asthma and the vaccinations of his age.
const CHILD: Story = Story {
    problems: &[(code::ASTHMA, 2.0)],
    allergies: &[PEANUT],
    home: &[at_home(drug::FLUTICASONE, 1.5)],
    stay: Some(Stay {
        arrival_h: -20.0,
        reason: "Wheeze",
        moves: &[(0.0, Move::Arrive("10")), (3.0, Move::Admit(Ward::Children, "02")), (30.0, Move::Discharge)],
        diagnoses: &[(code::ASTHMA, 3.0)],
        orders: &[order(Panel::BloodCount, 400.0, -1000.0)],
        course: &[
            (Test::HeartRate, &[(0.0, 142.0), (18.0, 104.0)]),
            (Test::RespiratoryRate, &[(0.0, 44.0), (18.0, 25.0)]),
            (Test::Saturation, &[(0.0, 90.0), (6.0, 94.0), (18.0, 97.0)]),
            (Test::OxygenFlow, &[(0.0, 2.0), (12.0, 0.0)]),
            (Test::Systolic, &[(0.0, 104.0)]),
            (Test::Diastolic, &[(0.0, 62.0)]),
            (Test::Hemoglobin, &[(0.0, 12.6)]),
            (Test::Hematocrit, &[(0.0, 38.0)]),
        ],
        medicines: &[given(drug::SALBUTAMOL, 0.2), given(drug::PREDNISOLONE_CHILD, 0.5)],
        documents: &[],
        vitals_every_min: 20,
        slips: &[],
    }),
    vaccines: &[
        vaccine("20", "DTaP", SANOFI, 5.6, "C5512AA"),
        vaccine("03", "MMR", MERCK, 4.8, "T0091MM"),
        vaccine("20", "DTaP", SANOFI, 4.4, "C5890AB"),
        vaccine("10", "IPV", SANOFI, 1.9, "P1177BC"),
        vaccine("141", "influenza, seasonal, injectable", SANOFI, 0.15, "UT8002PA"),
    ],
    weight_kg: 21.0,
    height_cm: 117.0,
    ..QUIET
};

/// In the order of [`crate::people::PEOPLE`].
pub(crate) const STORIES: [Story; 12] = [
    SEPSIS,
    ANAEMIA,
    HEART_FAILURE,
    HIP,
    KETOACIDOSIS,
    INFARCTION,
    DIABETES,
    ANTICOAGULATION,
    BLEEDING,
    LUNG,
    APPENDIX,
    CHILD,
];

/// Whose name a troponin of another, like-named patient once came under; how many hours before now; what it said.
pub(crate) const MIXED_UP: (usize, f64, Test, f64) = (1, -28.0, Test::Troponin, 688.0);
/// What the laboratory wrote when it withdrew that result.
pub(crate) const MIXED_UP_NOTE: &str = "Sample was of another patient of like name; result withdrawn.";
