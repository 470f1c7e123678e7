-- @target MedicationRequest @key m.medicationid @each medication m @patient s.uniquepid
SELECT identifier('urn:medweave:source:{source}:medication', m.medicationid)                     AS identifier,
       CASE m.drugordercancelled WHEN 'Yes' THEN 'cancelled' ELSE 'completed' END                AS status,
       'order'                                                                                   AS intent,
       coalesce(code('urn:medweave:code:fdb-hiclseqno', split_part(m.drughiclseqno, '.', 1), m.drugname), text(m.drugname))
                                                                                                 AS "medication.CodeableConcept",
       ref('Patient', s.uniquepid)                                                               AS subject,
       ref('UnitStay', m.patientunitstayid)                                                      AS encounter,
       at_offset(m.drugorderoffset, at_offset(s.admitted, s.anchor))                             AS "authoredOn",
       concat_ws(' ', m.dosage, m.routeadmin, m.frequency)                                       AS "dosageInstruction.text",
       period(at_offset(m.drugstartoffset, at_offset(s.admitted, s.anchor)),
              at_offset(m.drugstopoffset, at_offset(s.admitted, s.anchor)))
                                                                                                 AS "dosageInstruction.timing.repeat.bounds.Period",
       text(m.frequency)                                                                         AS "dosageInstruction.timing.code.text",
       CASE m.prn WHEN 'Yes' THEN true WHEN 'No' THEN false END                                  AS "dosageInstruction.asNeeded.boolean",
       code('route', m.routeadmin)                                                               AS "dosageInstruction.route",
       CASE WHEN regexp_like(m.dosage, '^[0-9][0-9,.]* +[A-Za-z]+$')
            THEN quantity(replace(split_part(m.dosage, ' ', 1), ',', ''), unit('dose', regexp_replace(m.dosage, '^[^ ]+ +', ''))) END
                                                                                                 AS "dosageInstruction.doseAndRate.dose.Quantity"
FROM medication m
LEFT JOIN stay s ON s.patientunitstayid = m.patientunitstayid
