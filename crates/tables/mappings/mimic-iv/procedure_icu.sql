-- @target Procedure as procedure_icu @key p.orderid @each procedureevents p @patient p.subject_id
SELECT identifier('urn:medweave:source:{source}:procedure-event', p.orderid)        AS identifier,
       CASE p.statusdescription WHEN 'Stopped' THEN 'stopped' ELSE 'completed' END  AS status,
       text(p.ordercategoryname)                                                    AS "category.text",
       code('item', p.itemid, i.label)                                              AS code,
       ref('patient', p.subject_id)                                                 AS subject,
       ref('encounter_icu', p.stay_id)                                              AS encounter,
       period(p.starttime, p.endtime)                                               AS "performed.Period",
       text(p.location)                                                             AS "bodySite.text"
FROM procedureevents p
LEFT JOIN d_items i ON i.itemid = p.itemid
