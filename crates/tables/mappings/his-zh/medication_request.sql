-- @target MedicationRequest @key y.住院号, y.医嘱序号 @each 医嘱 @patient z.病人ID @required subject, encounter
SELECT 'unknown'                                                          AS status,   -- the table does not say
       'order'                                                            AS intent,
       text(y.药品名称)                                                   AS "medication.CodeableConcept.text",
       ref('Patient', z.病人ID)                                           AS subject,
       ref('Encounter', y.住院号)                                         AS encounter,
       instant(y.开始时间)                                                AS "authoredOn",
       concat_ws(' ', y.剂量, y.频次, y.用法)                             AS "dosageInstruction.text",
       code('frequency', y.频次)                                          AS "dosageInstruction.timing.code",
       instant(y.开始时间)                                                AS "dosageInstruction.timing.repeat.bounds.Period.start",
       code('route', y.用法)                                              AS "dosageInstruction.route",
       quantity(number(y.amount), unit('dose', y.amount_unit))            -- a dose has no comparator in FHIR
                                                                          AS "dosageInstruction.doseAndRate.dose.Quantity"
FROM order_row y
LEFT JOIN 住院记录 z ON z.住院号 = y.住院号
